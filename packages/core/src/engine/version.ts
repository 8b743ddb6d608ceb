import { join } from "node:path";
import type { OpenCode } from "../contracts/code.ts";
import { createError } from "../errors.ts";
import type { Manifest } from "../manifest/manifest.ts";
import type { Logger } from "../observe/log.ts";
import type { Registry } from "../registry.ts";
import { Pool } from "./pool.ts";
import type { PoolOwner } from "./pool-owner.ts";

/** A manifest and the pool that runs its code. */
export interface Version {
  readonly manifest: Manifest;
  readonly pool: Pool;
}

export interface VersionOptions {
  readonly registry: Registry;
  /** Finds the code of manifests that name a bundle. */
  readonly openCode: OpenCode | undefined;
  readonly log: Logger;
  /** Folder of the app's sockets. */
  readonly runtimeDir: string;
  /** Begins the identities of its workers. */
  readonly name: string;
  /** Aborted when the host closes. */
  readonly signal: AbortSignal;
}

/** Finds the code of a manifest and makes the pool for it, which has not started yet. */
export async function createVersion(manifest: Manifest, options: VersionOptions, owner: PoolOwner): Promise<Version> {
  const { log, name, registry, runtimeDir, signal } = options;
  const language = registry.find("language", manifest.type);
  const backend = registry.find("backend", manifest.engine.backend);
  if (language === undefined || backend === undefined) throw unregistered(manifest);
  const { launches = "command" } = backend;
  const code = await findCode(manifest, options);
  const app = { name: manifest.name, type: manifest.type, code, env: manifest.env, launches };
  const found = await language.create(manifest.options, { log, signal }).launch(app);
  signal.throwIfAborted();
  if (found.kind !== launches) throw unlaunchable(manifest);
  const { cwd = found.cwd, limits, user, group } = manifest.engine;
  const launch = { ...found, cwd };
  const context = { app: manifest.name, log, runtimeDir, limits, user, group };
  const pool = new Pool(
    {
      app: manifest.name,
      name,
      version: manifest.version,
      policy: manifest.engine,
      stallTimeout: Math.min(...manifest.tasks.map(({ policy }) => policy.stallTimeout)),
      launch,
      backend: backend.create(backend.options.parse({}), context),
      log,
    },
    owner,
  );
  return { manifest, pool };
}

/** The absolute path of the code. */
async function findCode({ code: { bundle, path } }: Manifest, { openCode, signal }: VersionOptions): Promise<string> {
  if (bundle === undefined) return path;
  if (openCode === undefined) throw unopenable(bundle);
  const folder = await openCode(bundle, signal);
  signal.throwIfAborted();
  return join(folder, path);
}

function unopenable(bundle: string): Error {
  const message = `the code is in the bundle ${bundle}, and this host has no bundles: give createHost() an openCode`;
  return createError("COC_BUNDLE_HOST", message);
}

function unlaunchable({ type, engine }: Manifest): Error {
  const message = `the language "${type}" has no workers for the backend "${engine.backend}": set engine.backend to another, or leave it out for "process"`;
  return createError("COC_LANGUAGE_BACKEND", message);
}

function unregistered(manifest: Manifest): Error {
  const message = `language "${manifest.type}" or backend "${manifest.engine.backend}" is not registered: register it before the app is deployed`;
  return createError("COC_PLUGIN_UNKNOWN", message);
}
