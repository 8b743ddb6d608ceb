import { type Program, python as start } from "./program.ts";

export { type Program as Client, run } from "./program.ts";

/** Starts a pyzmq program of `test/fixtures`. */
export function python(fixture: string, ...args: (string | number)[]): Program {
  return start(new URL(`../fixtures/${fixture}`, import.meta.url), ...args);
}
