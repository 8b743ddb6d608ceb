/**
 * `pnpm cocained …` and `pnpm cocaine …`: runs one of the two programs from a checkout, in the folder where it was
 * asked for. Builds first what was never built; after changes, `pnpm build` does.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { build, program } from "./start/build.mjs";

const [name, ...args] = process.argv.slice(2);

if (!existsSync(program(name))) build();
const child = spawn(process.execPath, [program(name), ...args], { stdio: "inherit", cwd: process.env.INIT_CWD });
// Ctrl-C reaches the program by itself; the other signals are handed on.
process.on("SIGINT", () => undefined);
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
