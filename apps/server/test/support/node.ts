import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { AppInfo } from "@cocaine/core";
import { onTestFinished } from "vitest";
import { cocaine, cocained, type Ended, type RunOptions, runNode } from "./programs.ts";
import { temporaryFolder } from "./temporary.ts";

/** A line of the server's log. */
type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

/** A real cocained in a process of its own. */
export interface RunningNode {
  readonly pid: number;
  readonly runtimeDir: string;
  readonly log: readonly LogLine[];
  readonly stderr: () => string;
  /** Runs `cocaine` on it. */
  cocaine(args: readonly string[], options?: RunOptions): Promise<Ended>;
  /** Runs `cocaine --json` on it and gives what it answers as `result`. */
  ask(...args: string[]): Promise<unknown>;
  app(name: string): Promise<AppInfo>;
  /** Real endpoint of a task. */
  endpoint(app: string, task: string): Promise<string>;
  signal(signal: NodeJS.Signals): void;
  /** How it ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export interface NodeOptions {
  readonly args?: readonly string[];
  /** @defaultValue a folder of its own */
  readonly runtimeDir?: string;
  /** @defaultValue "memory:" */
  readonly storage?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a server and waits until it is up. It is killed after the test if it still runs. */
export async function startNode({
  args = [],
  runtimeDir,
  storage = "memory:",
  env,
}: NodeOptions = {}): Promise<RunningNode> {
  const folder = runtimeDir ?? (await temporaryFolder());
  const child = spawn(
    process.execPath,
    [cocained, "--runtime-dir", folder, "--storage", storage, "--log-format", "json", "--log-level", "debug", ...args],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } },
  );
  const ended = once(child, "exit").then(([code, signal]) => ({ code, signal }));
  const log: LogLine[] = [];
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const up = new Promise<void>((resolve) => {
    createInterface(child.stdout).on("line", (line) => {
      const entry = JSON.parse(line) as LogLine;
      log.push(entry);
      if (entry.msg === "up") resolve();
    });
  });
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(timer);
  });

  const node: RunningNode = {
    pid: child.pid as number,
    runtimeDir: folder,
    log,
    stderr: () => stderr,
    ended,
    cocaine: (commands, options) => runNode(cocaine, ["--runtime-dir", folder, ...commands], options),
    async ask(...commands) {
      const { code, stdout, stderr: told } = await node.cocaine(["--json", ...commands]);
      if (stdout === "") throw new Error(`cocaine ended with ${code}: ${told}`);
      const answer = JSON.parse(stdout) as { result?: unknown; error?: unknown };
      if (answer.error !== undefined) throw new Error(JSON.stringify(answer.error));
      return answer.result;
    },
    app: async (name) => (await node.ask("info", name)) as AppInfo,
    async endpoint(app, task) {
      const driver = (await node.app(app)).tasks[task]?.driver ?? {};
      return String([driver.endpoint ?? driver.endpoints].flat()[0]);
    },
    signal: (signal) => child.kill(signal),
  };
  const early = await Promise.race([up, ended]);
  if (early !== undefined) throw new Error(`cocained ended with ${early.code}: ${stderr}`);
  return node;
}
