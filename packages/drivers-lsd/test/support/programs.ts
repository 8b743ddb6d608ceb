// By path: a helper of the tests of three packages.
import { type Program, python as start } from "../../../drivers-zmq/test/support/program.ts";

export { run } from "../../../drivers-zmq/test/support/program.ts";

/** Starts a pyzmq program of `test/fixtures`. */
export function python(fixture: string, ...args: (string | number)[]): Program {
  return start(new URL(`../fixtures/${fixture}`, import.meta.url), ...args);
}
