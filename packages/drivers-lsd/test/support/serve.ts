import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { processBackend } from "@cocaine/backends-process";
import { createHost, createRegistry } from "@cocaine/core";
import { jsLanguages } from "@cocaine/lang-js";
import { onTestFinished } from "vitest";
import { lsdServerDriver } from "../../src/index.ts";

const app = fileURLToPath(new URL("../fixtures/app.mjs", import.meta.url));
const TASKS = ["echo", "words", "nothing", "fail", "half", "sleep", "hang", "pid", "note", "flood", "wait"];

export interface ServeOptions {
  /** Of each task, beside its type. */
  readonly task?: Readonly<Record<string, unknown>>;
  readonly engine?: Readonly<Record<string, unknown>>;
}

/** Counts of a server, and where it listens. */
export type Info = { endpoints: string[]; clients: number } & Record<string, number>;

/** Deploys the app of the tests on a host with real worker processes, each method with a server on a port of its own. */
export async function serve({ task = {}, engine = {} }: ServeOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), "cocaine-lsd-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const journal = join(folder, "journal");
  const registry = createRegistry().use(jsLanguages()).use(processBackend()).use(lsdServerDriver());
  const host = createHost({ registry, runtimeDir: join(folder, "run") });
  onTestFinished(() => host.close({ deadline: 1000 }));
  await host.start();
  await host.deploy("app", {
    type: "js",
    args: app,
    env: { JOURNAL: journal },
    engine: { "pool-limit": 1, "termination-grace": 0.1, ...engine },
    tasks: Object.fromEntries(TASKS.map((name) => [name, { type: "server+lsd", endpoint: "tcp://lo:0", ...task }])),
  });
  const info = (name: string) => host.app("app").tasks[name]?.driver as Info;
  return {
    host,
    folder,
    /** Path of the app's code. */
    app,
    info,
    endpoint: (name: string) => info(name).endpoints[0] as string,
    /** What the app noted. */
    journal: () => readFile(journal, "utf8").catch(() => ""),
  };
}
