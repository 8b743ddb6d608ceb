import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHost, type Host } from "@cocaine/core";
import { onTestFinished } from "vitest";
import { defaultRegistry } from "../../src/distribution.ts";
import { temporaryFolder } from "./temporary.ts";

/** A language of the load tests, its program, and jobs that a worker runs at once. */
export const languages = [
  { type: "js", file: "app.mjs", broken: "broken.mjs" },
  { type: "python", file: "app.py", broken: "broken.py" },
] as const;

/** Absolute path of a program of the load tests. */
export const loadApp = (file: string): string => fileURLToPath(new URL(`../fixtures/load/${file}`, import.meta.url));

/** A host with the plugins of the server in this process, and an app on it. */
export interface LoadedHost {
  readonly host: Host;
  readonly folder: string;
  /** File in which the app says what it began. */
  readonly journal: string;
  /** Real endpoint of a task. */
  endpoint(task: string): string;
}

export interface LoadOptions {
  readonly type: string;
  readonly file: string;
  readonly engine?: Readonly<Record<string, unknown>>;
  /** Options of each task beside its endpoint. */
  readonly task?: Readonly<Record<string, unknown>>;
}

export async function startLoaded({ type, file, engine = {}, task = {} }: LoadOptions): Promise<LoadedHost> {
  const folder = await temporaryFolder();
  const journal = join(folder, "journal");
  const host = createHost({ registry: defaultRegistry(), runtimeDir: join(folder, "run") });
  await host.start();
  onTestFinished(() => host.close({ deadline: 1000 }));
  const driver = { type: "server+zmq", endpoint: "tcp://127.0.0.1:0", ...task };
  const web = { type: "server+http", endpoint: "http://127.0.0.1:0", ...task };
  await host.deploy("load", {
    type,
    args: loadApp(file),
    env: { JOURNAL: journal },
    engine,
    tasks: { event: driver, grow: driver, hang: driver, sleep: web },
  });
  return {
    host,
    folder,
    journal,
    endpoint(name) {
      const info = host.app("load").tasks[name]?.driver ?? {};
      return String([info.endpoint ?? info.endpoints].flat()[0]);
    },
  };
}
