import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The built programs: what a user runs. */
export const cocained = fileURLToPath(new URL("../../dist/cocained.js", import.meta.url));
export const cocaine = fileURLToPath(new URL("../../dist/cocaine.js", import.meta.url));

/** Root of the repository. */
export const root = fileURLToPath(new URL("../../../../", import.meta.url));

/** The Python of the prepared environment, which has pyzmq. */
export const python = `${root}.cache/venv/bin/python`;

/** A client on pyzmq, to be run by it. */
export const pyzmq = (name: string): string => fileURLToPath(new URL(`../fixtures/clients/${name}`, import.meta.url));

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs a program to its end. */
export function run(command: string, args: readonly string[], { input, env, cwd }: RunOptions = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 256 * 1024 * 1024 };
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number") reject(error);
      else resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
    // A program may end without having read all that it was given.
    child.stdin?.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") reject(error);
    });
    child.stdin?.end(input ?? "");
  });
}

/** Runs a Node program to its end. */
export function runNode(program: string, args: readonly string[], options?: RunOptions): Promise<Ended> {
  return run(process.execPath, [program, ...args], options);
}
