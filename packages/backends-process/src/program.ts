import { type ChildProcess, spawn } from "node:child_process";
import type { CommandLaunch, Exit } from "@cocaine/core/plugin";
import { deferred } from "./deferred.ts";
import type { Environment } from "./environment.ts";
import { startFailure } from "./failure.ts";
import { signalGroup } from "./group.ts";
import { readLines } from "./lines.ts";

/** Milliseconds that the output of an ended program may still be held open, by a process that left its group. */
const OUTPUT_GRACE = 1000;

/**
 * - `running`: started; or failed to start, which its exit will say
 * - `exited`: the leader is gone and the rest of its group is killed; its output may still be read
 */
type ProgramState = "running" | "exited";

/** What a program is started with. */
export interface ProgramParts {
  readonly launch: CommandLaunch;
  /** Comes before the command, which it becomes. */
  readonly prefix: readonly string[];
  readonly env: Environment;
  /** Takes each line that it writes. */
  onLine(stream: "stdout" | "stderr", line: string): void;
  onOutputError(error: unknown): void;
  /** The process is gone, and so is its group; its output may still be read. */
  onExit(): void;
}

/** A command that runs in a session and process group of its own. The group never outlives it. */
export class Program {
  /** Id of the process and of its group; `undefined` if it could not be started. */
  readonly pid: number | undefined;
  /** Resolves at the exit, when what it wrote has been read. */
  readonly exited: Promise<Exit>;
  #state: ProgramState = "running";
  #killTimer: NodeJS.Timeout | undefined;
  #killAt = Number.POSITIVE_INFINITY;

  constructor(parts: ProgramParts) {
    const { launch, onLine, onOutputError, onExit } = parts;
    const exit = deferred<Exit>();
    this.exited = exit.promise;
    const fail = (cause: unknown) => {
      this.#state = "exited";
      exit.resolve({ code: null, signal: null, error: startFailure(launch, cause) });
    };
    const child = start(parts, fail);
    this.pid = child?.pid;
    if (child === undefined) return;
    if (child.pid === undefined) {
      child.once("error", fail);
      return;
    }
    const output = Promise.all([
      readLines(child.stdout, (line) => onLine("stdout", line)).catch(onOutputError),
      readLines(child.stderr, (line) => onLine("stderr", line)).catch(onOutputError),
    ]);
    child.once("exit", (code, signal) => {
      this.#exited();
      onExit();
      const timer = setTimeout(() => destroyOutput(child), OUTPUT_GRACE);
      void output.then(() => {
        clearTimeout(timer);
        exit.resolve({ code, signal });
      });
    });
  }

  /** SIGTERM to the group; SIGKILL when `graceMs` milliseconds have passed. The earliest of several calls holds. */
  stop(graceMs: number): void {
    if (this.#state === "exited" || this.pid === undefined) return;
    const killAt = performance.now() + graceMs;
    if (killAt >= this.#killAt) return;
    this.#killAt = killAt;
    clearTimeout(this.#killTimer);
    if (graceMs <= 0) {
      signalGroup(this.pid, "SIGKILL");
      return;
    }
    signalGroup(this.pid, "SIGTERM");
    const pid = this.pid;
    this.#killTimer = setTimeout(() => signalGroup(pid, "SIGKILL"), graceMs);
  }

  /** running → exited. */
  #exited(): void {
    this.#state = "exited";
    clearTimeout(this.#killTimer);
    // Now or never: while a member lives the system gives the group's id to nobody else, later it may.
    if (this.pid !== undefined) signalGroup(this.pid, "SIGKILL");
  }
}

function start({ launch, prefix, env }: ProgramParts, onFailure: (cause: unknown) => void) {
  const [command = launch.command, ...args] = [...prefix, launch.command, ...launch.args];
  try {
    return spawn(command, args, {
      cwd: launch.cwd,
      env: { ...env },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (cause) {
    // Some failures (E2BIG, a NUL in an argument) are thrown, the others come as an event.
    onFailure(cause);
    return undefined;
  }
}

function destroyOutput(child: ChildProcess): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
}
