import { homedir, tmpdir } from "node:os";

/** What a program finds around it: the one place that looks. */
export function surroundings() {
  return {
    env: process.env,
    uid: process.getuid?.() ?? -1,
    home: homedir(),
    tmp: tmpdir(),
    cwd: process.cwd(),
    terminal: process.stdout.isTTY === true,
  };
}
