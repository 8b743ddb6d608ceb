import { readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Storage } from "@cocaine/core/plugin";
import { describe, expect, it, vi } from "vitest";
import { type Logged, openIn, temporaryFolder } from "./support/folder.ts";

async function keysOf(storage: Storage): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list("apps")) keys.push(key);
  return keys;
}

describe("a corrupt file", () => {
  it("is set aside once, however many read it at a time", async () => {
    const folder = await temporaryFolder();
    const lines: Logged[] = [];
    const storage = await openIn(folder, lines);
    await storage.put("apps", "good", 1);
    await writeFile(join(folder, "apps", "bad.json"), "{");
    const reads = [storage.get("apps", "bad"), storage.get("apps", "bad"), keysOf(storage), storage.get("apps", "bad")];
    expect(await Promise.all(reads)).toEqual([null, null, ["good"], null]);
    expect(lines).toHaveLength(1);
    await storage.close();
  });

  it("never takes a good document with it that is written meanwhile", async () => {
    const folder = await temporaryFolder();
    const storage = await openIn(folder);
    await storage.put("apps", "good", 1);
    for (let round = 0; round < 50; round++) {
      await writeFile(join(folder, "apps", "bad.json"), "{");
      await Promise.all([storage.get("apps", "bad"), storage.put("apps", "bad", round), storage.get("apps", "bad")]);
      expect(await storage.get("apps", "bad")).toMatchObject({ value: round });
    }
    await storage.close();
  });

  it("does not end a watch, neither at its start nor later", async () => {
    const folder = await temporaryFolder();
    const lines: Logged[] = [];
    const storage = await openIn(folder, lines);
    await storage.put("apps", "good", 1);
    for (let count = 0; count < 5; count++) await writeFile(join(folder, "apps", `bad${count}.json`), "{");
    const controller = new AbortController();
    const keys: string[] = [];
    const watching = (async () => {
      for await (const change of storage.watch("apps", { signal: controller.signal }))
        keys.push(change.type === "put" ? change.document.key : `no ${change.key}`);
    })();
    await vi.waitFor(() => expect(lines).toHaveLength(5));
    await writeFile(join(folder, "apps", "late.json"), "{");
    await vi.waitFor(() => expect(lines).toHaveLength(6), { timeout: 5000 });
    await writeFile(join(folder, "apps", "good.json"), '{"key": "good", "value"');
    await vi.waitFor(() => expect(keys).toEqual(["good", "no good"]), { timeout: 5000 });
    controller.abort();
    await watching;
    await storage.close();
  });

  it("that cannot be read is named in the log by a watch, which goes on", async () => {
    const folder = await temporaryFolder();
    const lines: Logged[] = [];
    const storage = await openIn(folder, lines);
    await storage.put("apps", "good", 1);
    const controller = new AbortController();
    const keys: string[] = [];
    const watching = (async () => {
      for await (const change of storage.watch("apps", { signal: controller.signal }))
        if (change.type === "put") keys.push(change.document.key);
    })();
    await vi.waitFor(() => expect(keys).toEqual(["good"]));
    // A link to itself can be listed, but neither opened nor watched.
    await symlink("loop.json", join(folder, "apps", "loop.json"));
    await vi.waitFor(() => expect(lines.length).toBeGreaterThan(0), { timeout: 5000 });
    expect(lines[0]?.message).toContain("ELOOP");
    await storage.put("apps", "next", 2);
    await vi.waitFor(() => expect(keys).toEqual(["good", "next"]));
    controller.abort();
    await watching;
    await storage.close();
  });

  it("is passed over where it cannot be renamed", async () => {
    const folder = await temporaryFolder();
    const lines: Logged[] = [];
    const storage = await openIn(folder, lines);
    await storage.put("apps", "good", 1);
    // The name of the copy is longer than a file system takes.
    const name = `${"x".repeat(245)}.json`;
    await writeFile(join(folder, "apps", name), "{");
    expect(await keysOf(storage)).toEqual(["good"]);
    expect(lines[0]?.message).toContain("could not be set aside");
    expect(await readdir(join(folder, "apps"))).toContain(name);
    await storage.close();
  });

  it("is told apart from a collection that cannot be listed", async () => {
    const folder = await temporaryFolder();
    const storage = await openIn(folder);
    await writeFile(join(folder, "apps"), "a file where a folder should be");
    await expect(keysOf(storage)).rejects.toMatchObject({ code: "COC_STORAGE_IO" });
    await storage.close();
  });
});
