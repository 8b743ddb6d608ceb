import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CommandLaunch, silentLogger } from "@cocaine/core/plugin";
import { afterAll } from "vitest";
import { type CxxLanguageOptions, cxxLanguage } from "../../src/index.ts";

/** Programs of one test file; removed after it. */
const cache = mkdtempSync(join(tmpdir(), "cxx-cache-"));
afterAll(() => rmSync(cache, { recursive: true, force: true }));

export const language = cxxLanguage({ cache });

/** The path of a fixture. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}

/** How a worker of this code is started, as the language says; builds it. */
export async function launchOf(code: string, options?: CxxLanguageOptions): Promise<CommandLaunch> {
  const plugin = options === undefined ? language : cxxLanguage({ cache, ...options });
  const launch = await plugin.create({}, { log: silentLogger() }).launch({ name: "test", type: "cxx", code, env: {} });
  if (launch.kind !== "command") throw new Error("not a command");
  return launch;
}
