import { paths } from "./paths.mjs";

/**
 * Loads a ZeroMQ endpoint with numbered messages, so many in flight, through pyzmq, until it is stopped.
 *
 * @param onError - called with each failed answer as it comes: `{ number, at, after, code, message }`, `at` in
 *   epoch seconds, `after` in seconds since it was sent.
 */
export function startLoad(programs, endpoint, { window, onError = () => undefined }) {
  const program = programs.start(paths.python, [paths.client, endpoint, window]);
  let summary;
  program.lines.on("line", (line) => {
    const said = JSON.parse(line);
    if (said.summary !== undefined) summary = said.summary;
    else onError(said.error);
  });
  return {
    /** Sends no more; resolves to `{ sent, answered, failed, wrong, lost }` when every message has its answer. */
    async stop() {
      program.child.kill("SIGTERM");
      await program.closed;
      if (summary === undefined) throw program.failure();
      return summary;
    },
  };
}
