import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { paths } from "./paths.mjs";

/** Compiles the C programs of `c/`. */
export function compile() {
  mkdirSync(paths.programs, { recursive: true });
  for (const name of ["client", "echo", "proxy", "worker"]) {
    const source = join(paths.bench, "c", `${name}.c`);
    execFileSync("cc", ["-O2", "-Wall", "-o", program(name), source, "-lzmq"], { stdio: "inherit" });
  }
}

/** The path of a compiled program. */
export function program(name) {
  return join(paths.programs, name);
}
