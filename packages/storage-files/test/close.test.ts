import { readdir } from "node:fs/promises";
import { silentLogger } from "@cocaine/core/plugin";
import { describe, expect, it } from "vitest";
import { filesStorage } from "../src/index.ts";
import { openIn, temporaryFolder } from "./support/folder.ts";

const locksIn = async (folder: string) => (await readdir(folder)).filter((name) => name.startsWith(".lock"));

describe("closing", () => {
  it("ends the writes that run before the folder is free for others", async () => {
    const folder = await temporaryFolder();
    const storage = await openIn(folder);
    const writes = Array.from({ length: 20 }, (_, index) => storage.put("apps", `key${index}`, "x".repeat(100_000)));
    const removing = storage.delete("apps", "key0");
    let ended = 0;
    for (const step of [...writes, removing]) void step.then(() => ended++);
    await storage.close();
    expect(ended).toBe(21);
    expect(await locksIn(folder)).toEqual([]);
    expect((await readdir(`${folder}/apps`)).length).toBe(19);
  });

  it("gives the folder back that a start takes meanwhile", async () => {
    const folder = await temporaryFolder();
    const plugin = filesStorage();
    const storage = plugin.create({ path: folder }, { log: silentLogger() });
    const starting = storage.start();
    await storage.close();
    await expect(starting).rejects.toMatchObject({ code: "COC_STORAGE_CLOSED" });
    await expect(storage.start()).rejects.toMatchObject({ code: "COC_STORAGE_CLOSED" });
    expect(await locksIn(folder)).toEqual([]);
  });

  it("ends a watch that has only begun", async () => {
    const folder = await temporaryFolder();
    const storage = await openIn(folder);
    await storage.put("apps", "a", 1);
    const watch = storage.watch("apps", { signal: new AbortController().signal })[Symbol.asyncIterator]();
    const first = watch.next();
    await storage.close();
    expect((await first).done).toBe(true);
  });
});
