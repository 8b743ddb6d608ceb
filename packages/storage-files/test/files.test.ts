import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Change } from "@cocaine/core/plugin";
import { testStorage } from "@cocaine/testing";
import { describe, expect, it, onTestFinished, test, vi } from "vitest";
import { filesStorage } from "../src/index.ts";
import { type Logged, openIn, temporaryFolder } from "./support/folder.ts";

const writer = new URL("fixtures/writer.mjs", import.meta.url).pathname;
const run = promisify(execFile);

testStorage({ test, open: async () => openIn(await temporaryFolder()) });

/** A process that writes until it is killed. */
function startWriter(folder: string) {
  const child = spawn(process.execPath, [writer, folder], { stdio: ["ignore", "pipe", "inherit"] });
  let written = 0;
  let rest = "";
  child.stdout.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    written = Number(lines.at(-1) ?? written);
  });
  return { child, written: () => written };
}

describe("files", () => {
  it("keep everything across a restart, for their owner alone", async () => {
    const folder = await temporaryFolder();
    const before = await openIn(folder);
    await before.put("apps", "a", { well: true });
    await before.close();
    const after = await openIn(folder);
    expect(await after.get("apps", "a")).toMatchObject({ value: { well: true } });
    expect((await stat(join(folder, "apps"))).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, "apps", "a.json"))).mode & 0o777).toBe(0o600);
    await after.close();
  });

  it("are whole, old or new, however often the writer is killed in the middle", async () => {
    const folder = await temporaryFolder();
    for (let round = 0; round < 6; round++) {
      const { child, written } = startWriter(folder);
      await vi.waitFor(() => expect(written()).toBeGreaterThan(10 + round * 7), { timeout: 10_000, interval: 3 });
      child.kill("SIGKILL");
      await once(child, "close");
      const lines: Logged[] = [];
      const storage = await openIn(folder, lines);
      const counts: number[] = [];
      for await (const { value } of storage.list("apps")) {
        const { count, filler } = value as { count: number; filler: string };
        counts.push(count);
        expect(filler).toHaveLength(20_000);
      }
      expect(Math.max(...counts)).toBeGreaterThanOrEqual(written());
      expect(lines).toEqual([]);
      expect((await readdir(join(folder, "apps"))).sort()).toEqual([
        "key0.json",
        "key1.json",
        "key2.json",
        "key3.json",
        "key4.json",
      ]);
      await storage.close();
    }
  });

  it("that are corrupt are set aside and named, and the rest loads", async () => {
    const folder = await temporaryFolder();
    const before = await openIn(folder);
    for (const key of ["a", "b", "c"]) await before.put("apps", key, key);
    await before.close();
    await writeFile(join(folder, "apps", "b.json"), '{"key": "b", "val');
    const lines: Logged[] = [];
    const storage = await openIn(folder, lines);
    const keys: string[] = [];
    for await (const { key } of storage.list("apps")) keys.push(key);
    expect(keys).toEqual(["a", "c"]);
    expect(lines).toEqual([
      {
        fields: expect.objectContaining({ path: join(folder, "apps", "b.json") }),
        message: expect.stringContaining("a corrupt document was set aside"),
      },
    ]);
    const aside = (await readdir(join(folder, "apps"))).find((name) => name.startsWith("b.json.corrupt-"));
    expect(await readFile(join(folder, "apps", aside ?? ""), "utf8")).toBe('{"key": "b", "val');
    await storage.put("apps", "b", "again");
    await storage.close();
  });

  it("that are changed, added and removed by hand are told", async () => {
    const folder = await temporaryFolder();
    const storage = await openIn(folder);
    await storage.put("apps", "a", 1);
    const changes: Change[] = [];
    const controller = new AbortController();
    const watching = (async () => {
      for await (const change of storage.watch("apps", { signal: controller.signal })) changes.push(change);
    })();
    await vi.waitFor(() => expect(changes).toHaveLength(1));
    await writeFile(join(folder, "apps", "a.json"), '{"key": "a", "value": 2}');
    await vi.waitFor(() => expect(changes.at(-1)).toMatchObject({ document: { key: "a", value: 2 } }), {
      timeout: 5000,
    });
    await writeFile(join(folder, "apps", "b.json"), '{"key": "b", "value": 3}');
    await vi.waitFor(() => expect(changes.at(-1)).toMatchObject({ document: { key: "b", value: 3 } }), {
      timeout: 5000,
    });
    await unlink(join(folder, "apps", "a.json"));
    await vi.waitFor(() => expect(changes.at(-1)).toEqual({ type: "delete", key: "a" }), { timeout: 5000 });
    controller.abort();
    await watching;
    await storage.close();
  });

  it("say that the disk is full, and keep what was there", async () => {
    const folder = await temporaryFolder();
    const mounted = await run("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", folder]).then(
      () => true,
      () => false,
    );
    if (mounted) onTestFinished(() => void execFileSync("umount", ["-l", folder]));
    const storage = mounted ? await openIn(folder) : undefined;
    if (storage === undefined) {
      // Where nothing can be mounted, a limit on the size of a file fills the disk for one writer.
      const limited = await run("prlimit", ["--fsize=100000", process.execPath, writer, folder, "200000"]).catch(
        (error: { stderr: string }) => error.stderr,
      );
      expect(limited).toMatch(/COC_STORAGE_IO/);
      return;
    }
    await storage.put("apps", "small", 1);
    const large = "x".repeat(400_000);
    await expect(storage.put("apps", "small", large)).rejects.toMatchObject({
      code: "COC_STORAGE_IO",
      message: expect.stringContaining("the disk is full (ENOSPC)"),
    });
    expect(await storage.get("apps", "small")).toMatchObject({ value: 1 });
    await storage.put("apps", "other", 2);
    await storage.close();
  });

  it("say that the disk is full where even the folder cannot be locked", async () => {
    const folder = await temporaryFolder();
    // A file system of so few files that "last" is the last; where nothing can be mounted, a file stands in the way.
    const mounted = await run("mount", ["-t", "tmpfs", "-o", "nr_inodes=2", "tmpfs", folder]).then(
      () => true,
      () => false,
    );
    if (mounted) onTestFinished(() => void execFileSync("umount", ["-l", folder]));
    if (mounted) await writeFile(join(folder, "last"), "");
    else await rm(folder, { recursive: true });
    if (!mounted) await writeFile(folder, "a file");
    await expect(openIn(folder)).rejects.toMatchObject({
      code: "COC_STORAGE_IO",
      message: expect.stringContaining(mounted ? "the disk is full (ENOSPC)" : folder),
    });
  });

  it("say where they cannot be", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file"), "");
    await expect(openIn(join(folder, "file", "below"))).rejects.toMatchObject({
      code: "COC_STORAGE_IO",
      message: expect.stringContaining(join(folder, "file", "below")),
    });
    expect(filesStorage().options.safeParse({ path: "relative" }).success).toBe(false);
    const storage = await openIn(folder);
    await expect(storage.put("Bad/name", "a", 1)).rejects.toMatchObject({ code: "COC_STORAGE_NAME" });
    await expect(storage.put("apps", "", 1)).rejects.toMatchObject({ code: "COC_STORAGE_NAME" });
    await storage.close();
  });

  it("say what keys and values they cannot be of", async () => {
    const storage = await openIn(await temporaryFolder());
    const badKey = { code: "COC_STORAGE_NAME", message: expect.stringContaining('the key "\\ud800" is not valid') };
    await expect(storage.put("apps", "\ud800", 1)).rejects.toMatchObject(badKey);
    await expect(storage.get("apps", "\ud800")).rejects.toMatchObject(badKey);
    await expect(storage.delete("apps", "\ud800")).rejects.toMatchObject(badKey);
    const cycle: unknown[] = [];
    cycle.push(cycle);
    for (const value of [undefined, () => 1, 1n, cycle])
      await expect(storage.put("apps", "a", value)).rejects.toMatchObject({
        code: "COC_STORAGE_VALUE",
        message: expect.stringContaining("the value of apps/a cannot be kept as JSON"),
      });
    expect(await storage.get("apps", "a")).toBeNull();
    await storage.put("apps", "😀", null);
    await storage.close();
  });
});
