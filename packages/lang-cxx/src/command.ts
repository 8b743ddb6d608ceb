import { spawn } from "node:child_process";
import type { Writable } from "node:stream";

/** Bytes of a command's output that are kept: a compiler's first errors are those that matter. */
const OUTPUT_LIMIT = 65_536;

export interface CommandOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** When the command is ended with all that it started, on the clock of `performance.now()`. */
  readonly deadline: number;
  /** Ends it before that. */
  readonly signal: AbortSignal | undefined;
  /** Takes what the command writes to standard output, which then is no part of its `output`. */
  readonly stdout?: Writable;
}

/** How a command ended. */
export interface Outcome {
  /** Exit status, or the name of the signal. */
  readonly status: number | string;
  /** What it wrote, bounded. */
  readonly output: string;
}

/** Runs a command in a process group of its own. Rejects where it cannot be started. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<Outcome> {
  const { cwd, env, deadline, signal, stdout } = options;
  const output = createOutput();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const kill = (): void => {
      if (child.pid !== undefined) killGroup(child.pid);
      // Whoever left the group keeps the pipes open.
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", kill);
    };
    const timer = setTimeout(kill, deadline - performance.now());
    if (signal?.aborted) kill();
    signal?.addEventListener("abort", kill, { once: true });
    if (stdout === undefined) child.stdout.on("data", output.add);
    else child.stdout.pipe(stdout, { end: false });
    child.stderr.on("data", output.add);
    child.once("error", (error) => {
      settle();
      reject(error);
    });
    child.once("close", (code, name) => {
      settle();
      resolve({ status: code ?? name ?? "nothing", output: output.text() });
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // It has ended by itself.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

function createOutput() {
  const chunks: Buffer[] = [];
  let kept = 0;
  let dropped = 0;
  return {
    add(chunk: Buffer): void {
      const part = chunk.subarray(0, OUTPUT_LIMIT - kept);
      chunks.push(part);
      kept += part.length;
      dropped += chunk.length - part.length;
    },
    text(): string {
      const text = Buffer.concat(chunks).toString("utf8").trimEnd();
      return dropped === 0 ? text : `${text}\n… and ${dropped} bytes more`;
    },
  };
}
