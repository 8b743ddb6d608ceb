import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LogFields, type Logger, type Storage, silentLogger } from "@cocaine/core/plugin";
import { onTestFinished } from "vitest";
import { filesStorage } from "../../src/index.ts";

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "cocaine-files-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Logged {
  readonly fields: LogFields;
  readonly message: string;
}

export async function openIn(path: string, lines: Logged[] = []): Promise<Storage> {
  const log: Logger = { ...silentLogger(), error: (fields, message) => lines.push({ fields, message }) };
  const plugin = filesStorage();
  const storage = plugin.create(plugin.options.parse({ path }), { log });
  await storage.start();
  return storage;
}
