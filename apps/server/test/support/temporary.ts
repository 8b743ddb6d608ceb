import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder that is gone after the test. Its path is short enough for sockets, and its mode is 0700. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "coc-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
