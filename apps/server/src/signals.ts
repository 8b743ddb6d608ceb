/** What the server does about signals. */
export interface SignalHandlers {
  /** The first SIGTERM or SIGINT: end in good order. */
  stop(signal: NodeJS.Signals): void;
  /** The second one: end at once. */
  force(signal: NodeJS.Signals): void;
  /** SIGHUP. */
  reload(): void;
}

/** Takes the signals of the process. This is the only place that does. */
export function handleSignals({ stop, force, reload }: SignalHandlers): void {
  let stopping = false;
  const end = (signal: NodeJS.Signals): void => {
    if (stopping) return force(signal);
    stopping = true;
    stop(signal);
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  process.on("SIGHUP", reload);
}
