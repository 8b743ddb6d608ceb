import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createLocalClient } from "@cocaine/admin";
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
  /** Runs a job on it, and gives its answer as text. */
  call(app: string, task: string, request?: string): Promise<string>;
  /** Names of its apps, sorted. */
  names(): Promise<string[]>;
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
  /** A command that becomes the server: it is followed by the server's own command line. */
  readonly prefix?: readonly string[];
}

/** Starts a server and waits until it is up. It is killed after the test if it still runs. */
export async function startNode({
  args = [],
  runtimeDir,
  storage = "memory:",
  env,
  prefix = [],
}: NodeOptions = {}): Promise<RunningNode> {
  const folder = runtimeDir ?? (await temporaryFolder());
  const flags = ["--runtime-dir", folder, "--storage", storage, "--log-format", "json", "--log-level", "debug"];
  const [command = "", ...rest] = [...prefix, process.execPath, cocained, ...flags, ...args];
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
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

  // The command line is tested by itself; what else is asked of a node goes the same way without a process each time.
  const client = createLocalClient({ path: join(folder, "control.sock") });
  onTestFinished(() => client.close());

  const node: RunningNode = {
    pid: child.pid as number,
    runtimeDir: folder,
    log,
    stderr: () => stderr,
    ended,
    cocaine: (commands, options) => runNode(cocaine, ["--runtime-dir", folder, ...commands], options),
    async call(app, task, request = "") {
      const chunks: Uint8Array[] = [];
      for await (const chunk of client.stream("call", { app, task }, Buffer.from(request))) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    },
    names: async () => (await client.call("list", {})).map(({ name }) => name).sort(),
    app: (name) => client.call("info", { app: name }),
    async endpoint(app, task) {
      const driver = (await node.app(app)).tasks[task]?.driver ?? {};
      return String([driver.endpoint ?? driver.endpoints].flat()[0]);
    },
    signal: (signal) => child.kill(signal),
  };
  const early = await Promise.race([up, ended]);
  if (early !== undefined) throw new Error(`cocained ended with ${early.code}: ${stderr}`);
  await client.start();
  return node;
}
