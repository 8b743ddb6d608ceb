/** What the server does about signals. */
export interface SignalHandlers {
  /** The first SIGTERM or SIGINT: end in good order. */
  stop(signal: NodeJS.Signals): void;
  /** The second one: end at once. */
  force(signal: NodeJS.Signals): void;
  /** SIGHUP. */
  reload(): void;
}

/**
 * Milliseconds in which a second signal is the first one told twice: a terminal and `timeout` signal the whole process
 * group, and a wrapper such as pnpm hands on to the server what it got itself.
 */
const ECHO = 500;

/** Takes the signals of the process. This is the only place that does. */
export function handleSignals({ stop, force, reload }: SignalHandlers): void {
  let stoppedAt: number | undefined;
  const end = (signal: NodeJS.Signals): void => {
    if (stoppedAt === undefined) {
      stoppedAt = performance.now();
      stop(signal);
    } else if (performance.now() - stoppedAt > ECHO) force(signal);
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  process.on("SIGHUP", reload);
}
