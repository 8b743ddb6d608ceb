import { access, constants } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import type { Writable } from "node:stream";
import { type CocaineError, createError, messageOf } from "@cocaine/core/plugin";
import { runCommand } from "./command.ts";

export interface ToolboxOptions {
  /** PATH of the tools. */
  readonly path: string;
  /** Name or path of the C++ compiler. */
  readonly compiler: string;
  /** Seconds for all that is run. */
  readonly timeout: number;
  /** What is built. */
  readonly code: string;
  /** Aborted when nobody waits for it any more. */
  readonly signal: AbortSignal | undefined;
}

export interface RunOptions {
  readonly cwd: string;
  readonly stdout?: Writable;
}

/** The programs that build the code of one app. */
export interface Toolbox {
  /** Finds the C++ compiler. @throws `COC_LANGUAGE_COMPILER` */
  compiler(): Promise<string>;
  /** Finds the first of some programs that is there. @throws `COC_LANGUAGE_COMPILER` naming the Debian package */
  find(names: readonly string[], debian: string): Promise<string>;
  /** Runs a program. @returns what it wrote. @throws `COC_LANGUAGE_BUILD` where it fails, or time is over; the reason of the signal */
  run(program: string, args: readonly string[], options: RunOptions): Promise<string>;
  /** The error of a build. */
  failure(why: string, cause?: unknown): CocaineError;
}

export function createToolbox({ path, compiler, timeout, code, signal }: ToolboxOptions): Toolbox {
  const deadline = performance.now() + timeout * 1000;
  const env = { PATH: path, LANG: "C.UTF-8" };

  const failure = (why: string, cause?: unknown) =>
    createError("COC_LANGUAGE_BUILD", `The code ${code} cannot be built: ${why}`, { cause });

  async function find(names: readonly string[], debian: string): Promise<string> {
    for (const name of names) {
      for (const folder of isAbsolute(name) ? [""] : path.split(delimiter)) {
        const file = join(folder, name);
        if (isAbsolute(file) && (await isExecutable(file))) return file;
      }
    }
    const where = names.every((name) => isAbsolute(name)) ? "" : ` in ${path === "" ? "an empty PATH" : path}`;
    throw createError(
      "COC_LANGUAGE_COMPILER",
      `There is no ${names.join(" or ")}${where}, which builds ${code}: install the Debian package ${debian}`,
    );
  }

  return {
    compiler: () => find([compiler], "g++"),
    find,
    failure,
    async run(program, args, options) {
      try {
        const { status, output } = await runCommand(program, args, { ...options, env, deadline, signal });
        signal?.throwIfAborted();
        if (performance.now() >= deadline)
          throw failure(`it took more than ${timeout} s: raise the language's buildTimeout\n${output}`);
        if (status !== 0) throw failure(`${program} ended with ${status}:\n${output}`);
        return output;
      } catch (error) {
        if (error instanceof Error && "syscall" in error) throw failure(`${program}: ${messageOf(error)}`, error);
        throw error;
      }
    },
  };
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
