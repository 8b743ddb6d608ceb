import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The app of the end-to-end tests, with a ZeroMQ server on any free port for each of its methods. */
export function appManifest(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const methods = ["echo", "slow", "who", "hang", "fail", "say"];
  return {
    type: "js",
    args: fileURLToPath(new URL("../fixtures/app/app.mjs", import.meta.url)),
    tasks: Object.fromEntries(methods.map((name) => [name, { type: "server+zmq", endpoint: "tcp://127.0.0.1:0" }])),
    ...changes,
  };
}

/** Writes a manifest into a folder, at once. */
export async function writeManifest(folder: string, name: string, manifest: unknown): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, typeof manifest === "string" ? manifest : JSON.stringify(manifest));
  return file;
}
