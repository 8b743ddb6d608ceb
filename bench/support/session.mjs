import { createPrograms } from "./programs.mjs";

/**
 * Runs one after another by their names, each with programs of its own that are ended after it. One that fails makes the
 * exit status 1, and the others are run all the same; Ctrl-C ends the one that runs, and starts no more.
 *
 * @param run - `(name, programs)`.
 */
export async function runEach(names, run) {
  let programs;
  let interrupted = false;
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => {
      interrupted = true;
      programs?.close();
    });
  }
  for (const name of names) {
    if (interrupted) break;
    programs = createPrograms();
    try {
      await run(name, programs);
    } catch (error) {
      // What is ended in the middle of a run fails; that is no news.
      console.error(interrupted ? "Interrupted" : error);
      process.exitCode = 1;
    } finally {
      await programs.close();
    }
  }
}
