import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterwards } from "./serve.ts";

/** A folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "cocaine-zmq-"));
  afterwards(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A file with a mode. */
export async function file(name: string, text: string, mode: number): Promise<string> {
  const path = join(await temporaryFolder(), name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}
