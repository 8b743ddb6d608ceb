import { realpath } from "node:fs/promises";
import { basename, dirname, extname, isAbsolute, resolve } from "node:path";
import { createError } from "@cocaine/core";
import { readDocument } from "./document.ts";

/** Endings of the files that can hold a manifest. */
export const MANIFEST_ENDINGS: readonly string[] = [".yaml", ".yml", ".json"];

/** Types of tasks whose `path` is one of the file system. */
const FILE_TASKS = ["fs", "filesystem-monitor"];

/** A manifest as a file has it, not yet checked. */
export interface ManifestFile {
  /** Name of the app: the file's base name. */
  readonly name: string;
  /** The manifest, its relative paths made absolute against the file's own folder, links followed. */
  readonly manifest: unknown;
}

/**
 * Reads a manifest.
 *
 * @throws `COC_MANIFEST_FILE` if it cannot be read or is broken, naming file and line.
 */
export async function readManifestFile(file: string): Promise<ManifestFile> {
  const ending = extname(file);
  if (!MANIFEST_ENDINGS.includes(ending)) {
    throw createError(
      "COC_MANIFEST_FILE",
      `${file} is no manifest: its name must end in ${MANIFEST_ENDINGS.join(", ")}`,
    );
  }
  const value = await readDocument(file, "COC_MANIFEST_FILE");
  const folder = dirname(await realpath(file));
  return { name: basename(file, ending), manifest: absolute(value, folder) };
}

/** Makes the relative paths of a manifest absolute; what is not where it should be is left for the schema to tell. */
export function absolute(manifest: unknown, folder: string): unknown {
  return change(manifest, {
    args: text((value) => codePath(value, folder)),
    language: (language) => change(language, { venv: text((value) => resolve(folder, value)) }),
    pubsub: (pubsub) => change(pubsub, { endpoint: endpoints(folder) }),
    engine: (engine) => change(engine, { cwd: text((value) => resolve(folder, value)) }),
    tasks: (tasks) => mapValues(tasks, (task) => change(task, taskChanges(task, folder))),
  });
}

type Change = (value: unknown) => unknown;

function taskChanges(task: unknown, folder: string): Record<string, Change> {
  const files = isObject(task) && FILE_TASKS.includes(String(task.type));
  const path = text((value) => resolve(folder, value));
  return { endpoint: endpoints(folder), ...(files ? { path, done: path, failed: path } : {}) };
}

function codePath(value: string, folder: string): string {
  const local = value.startsWith("local://");
  if (!local && /^[a-z][a-z0-9+.-]*:\/\//.test(value)) return value;
  return `local://${resolve(folder, local ? value.slice("local://".length) : value)}`;
}

/** One endpoint or a list of them; `ipc://@name` is a name of Linux, not a path. */
function endpoints(folder: string): Change {
  const one = text((value) => {
    const path = /^ipc:\/\/([^@*].*)$/.exec(value)?.[1];
    return path === undefined || isAbsolute(path) ? value : `ipc://${resolve(folder, path)}`;
  });
  return (value) => (Array.isArray(value) ? value.map(one) : one(value));
}

function text(change: (value: string) => string): Change {
  return (value) => (typeof value === "string" && value !== "" ? change(value) : value);
}

function change(value: unknown, changes: Readonly<Record<string, Change>>): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, changes[key]?.(member) ?? member]));
}

function mapValues(value: unknown, map: Change): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, map(member)]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
