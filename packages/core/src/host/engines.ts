import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Engine, type EngineOptions } from "../engine/engine.ts";
import { createError, isCocaineError, messageOf } from "../errors.ts";
import type { Manifest } from "../manifest/manifest.ts";
import type { Logger } from "../observe/log.ts";

export interface EnginesOptions {
  readonly runtimeDir: string;
  readonly log: Logger;
  /** What the engine of an app is given beside its name, folder and log. */
  partsOf(name: string): Omit<EngineOptions, "name" | "runtimeDir" | "log">;
}

/** The engines of a host, one for each app that runs. Steps for one app are for the caller to do one after the other. */
export interface Engines {
  /** @throws `COC_APP_UNKNOWN` */
  of(name: string): Engine;
  find(name: string): Engine | undefined;
  /** Names of those that run. */
  names(): Iterable<string>;
  /** Runs an app with this manifest. @throws `COC_DEPLOY`; `COC_SHUTDOWN` after `close()` */
  deploy(manifest: Manifest, probe: boolean): Promise<void>;
  /** Ends an app once its jobs have ended. */
  remove(name: string, deadline: number): Promise<void>;
  /** Takes no more deploys. @returns what ends all, one by one; a further call may bring the deadline forward. */
  close(deadline: number): (readonly [name: string, end: () => Promise<void>])[];
}

export function createEngines({ runtimeDir, log, partsOf }: EnginesOptions): Engines {
  const engines = new Map<string, Engine>();
  /** Those whose first version is not up yet. */
  const coming = new Map<string, Engine>();
  let closing = false;

  async function run(manifest: Manifest, probe: boolean): Promise<void> {
    const { name } = manifest;
    if (closing) throw createError("COC_SHUTDOWN", "this host is shutting down: deploy to another, or again later");
    const running = engines.get(name);
    if (running !== undefined) return running.deploy(manifest, probe);
    const folder = join(runtimeDir, name);
    await mkdir(folder, { recursive: true, mode: 0o711 });
    const engine = new Engine({ ...partsOf(name), name, log: log.child({ app: name }), runtimeDir: folder });
    coming.set(name, engine);
    try {
      await engine.deploy(manifest, probe);
    } catch (error) {
      await engine.close(0);
      throw error;
    } finally {
      coming.delete(name);
    }
    engines.set(name, engine);
  }

  return {
    of(name) {
      const engine = engines.get(name);
      if (engine !== undefined) return engine;
      const names = [...engines.keys()].join(", ") || "none";
      throw createError("COC_APP_UNKNOWN", `no app "${name}" runs here: deploy it first (running: ${names})`);
    },
    find: (name) => engines.get(name),
    names: () => engines.keys(),
    async deploy(manifest, probe) {
      try {
        await run(manifest, probe);
        log.info({ app: manifest.name, type: manifest.type }, "app deployed");
      } catch (cause) {
        if (isCocaineError(cause) && cause.code === "COC_SHUTDOWN") throw cause;
        const message = `app "${manifest.name}" was not deployed: ${messageOf(cause)}`;
        throw createError("COC_DEPLOY", message, { cause, details: isCocaineError(cause) ? cause.details : undefined });
      }
    },
    async remove(name, deadline) {
      const engine = engines.get(name);
      engines.delete(name);
      await engine?.close(deadline);
      log.info({ app: name }, "app removed");
    },
    close(deadline) {
      closing = true;
      const all = [...coming, ...engines];
      for (const [, engine] of all) engine.interrupt();
      return all.map(([name, engine]) => [name, () => engine.close(deadline)] as const);
    },
  };
}
