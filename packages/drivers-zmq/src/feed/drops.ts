import type { Logger } from "@cocaine/core/plugin";

/** Counts dropped messages and tells the log once a second, not once a message. */
export function createDropReport(log: Logger, endpoint: string) {
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;

  function report(): void {
    timer = undefined;
    log.warn({ endpoint, dropped }, "The feed cannot keep up: its oldest waiting messages were dropped");
    dropped = 0;
  }

  return {
    /** Counts messages. */
    add(count: number): void {
      if (count === 0) return;
      dropped += count;
      timer ??= setTimeout(report, 1000).unref();
    },
    /** Tells what was not told yet. */
    close(): void {
      clearTimeout(timer);
      if (timer) report();
    },
  };
}
