import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { processBackend } from "@cocaine/backends-process";
import { createHost, createRegistry, type Logger } from "@cocaine/core";
import type { Plugin } from "@cocaine/core/plugin";
import { jsLanguages } from "@cocaine/lang-js";
import { onTestFinished } from "vitest";
import { rawServerDriver } from "../../src/index.ts";

const APP = fileURLToPath(new URL("../fixtures/app.mjs", import.meta.url));

const run = promisify(execFile);

/** What a shell command prints. */
export const sh = async (command: string): Promise<string> =>
  (await run("sh", ["-c", command], { maxBuffer: 2 ** 28 })).stdout;

/** A folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "coc-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs functions of the fixture as tasks, each at an endpoint of its own; real workers, closed after the test. */
export async function deploy(
  tasks: Record<string, object>,
  { engine = {}, drivers = [], args = APP }: { engine?: object; drivers?: Plugin<"driver">[]; args?: string } = {},
) {
  const runtimeDir = await temporaryFolder();
  const lines: string[] = [];
  const write = (_: object, message: string) => void lines.push(message);
  const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };
  const registry = createRegistry().use(jsLanguages()).use(processBackend()).use(rawServerDriver()).use(drivers);
  const host = createHost({ registry, runtimeDir, log });
  onTestFinished(() => host.close({ deadline: 500 }));
  await host.start();
  const base = { type: "server+raw", endpoint: "tcp://127.0.0.1:0" };
  const manifest = {
    type: "js",
    args,
    engine: { "pool-limit": 1, ...engine },
    tasks: Object.fromEntries(Object.entries(tasks).map(([name, task]) => [name, { ...base, ...task }])),
  };
  await host.deploy("app", manifest);
  const info = (task: string) => host.app("app").tasks[task]?.driver ?? {};
  return {
    host,
    manifest,
    lines,
    info,
    /** Where a task listens: host and port of TCP, or the path of a Unix socket. */
    place: (task: string) => {
      const { hostname, port, pathname } = new URL(String(info(task).endpoint));
      return { host: hostname, port: Number(port), path: pathname };
    },
  };
}
