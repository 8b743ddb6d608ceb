/** Tells how much of the machine this process uses. */
export interface LoadMeter {
  /** Processors in use since the reading before (1: one in full), and bytes of resident memory. */
  read(): { readonly cpu: number; readonly memory: number };
}

export function createLoadMeter(): LoadMeter {
  let usage = process.cpuUsage();
  let at = performance.now();
  let cpu = 0;
  return {
    read() {
      const now = performance.now();
      // Of readings in quick succession the last one that had something to say.
      if (now - at >= 1000) {
        const { user, system } = process.cpuUsage(usage);
        cpu = Math.round((user + system) / (now - at) / 10) / 100;
        usage = process.cpuUsage();
        at = now;
      }
      return { cpu, memory: process.memoryUsage.rss() };
    },
  };
}
