import type { Exit, WorkerLink } from "@cocaine/core/plugin";

/** A worker that exited before it began. */
export function neverStarted(error: Error): WorkerLink {
  const exit: Exit = { code: null, signal: null, error };
  return {
    pid: undefined,
    send: () => false,
    onMessage: () => undefined,
    onError: () => undefined,
    exited: Promise.resolve(exit),
    stop: () => Promise.resolve(),
    begun: () => undefined,
    output: () => [],
  };
}
