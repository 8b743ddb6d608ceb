import { existsSync, readlinkSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { openIn, temporaryFolder } from "./support/folder.ts";

/** Names what is fsynced, and fsyncs it. */
async function watchSyncs(folder: string): Promise<string[]> {
  const synced: string[] = [];
  const handle = await open(folder, "r");
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const { sync } = prototype;
  const spy = vi.spyOn(prototype, "sync").mockImplementation(function (this: FileHandle) {
    synced.push(basename(readlinkSync(`/proc/self/fd/${this.fd}`)));
    return sync.call(this);
  });
  onTestFinished(() => spy.mockRestore());
  return synced;
}

describe.runIf(existsSync("/proc/self/fd"))("what survives a crash", () => {
  it("is every new folder, by an fsync of the one above it", async () => {
    const folder = await temporaryFolder();
    const synced = await watchSyncs(folder);
    const storage = await openIn(join(folder, "a", "b"));
    expect(synced).toEqual(["a", basename(folder)]);
    synced.length = 0;
    await storage.put("apps", "one", 1);
    expect(synced).toEqual(["b", "one.json.1", "apps"]);
    synced.length = 0;
    await storage.put("apps", "one", 2);
    expect(synced).toEqual(["one.json.2", "apps"]);
    await storage.close();
  });
});
