import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import { openIn, temporaryFolder } from "./support/folder.ts";

const holder = new URL("fixtures/holder.mjs", import.meta.url).pathname;

/** A process that opens the storage when it is told to. */
async function startHolder(folder: string, ...user: string[]) {
  const child = spawn(process.execPath, [holder, folder, ...user], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const read = async () => String((await lines.next()).value);
  const closed = once(child, "close");
  const end = async () => {
    child.stdin.end();
    await closed;
  };
  onTestFinished(end);
  await read();
  return {
    pid: child.pid as number,
    async open(): Promise<string> {
      child.stdin.write("go\n");
      return read();
    },
    end,
    async kill() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

const locksIn = async (folder: string) => (await readdir(folder)).filter((name) => name.startsWith(".lock"));

describe("the lock of a folder", () => {
  it("is held by exactly one of many that start at once after one that was killed", async () => {
    const folder = await temporaryFolder();
    for (let round = 0; round < 3; round++) {
      const [first, ...others] = await Promise.all([0, 1, 2, 3, 4].map(() => startHolder(folder)));
      expect(await first?.open()).toBe("held");
      await first?.kill();
      expect(await locksIn(folder)).toHaveLength(1);
      const outcomes = await Promise.all(others.map((other) => other.open()));
      expect(outcomes.sort()).toEqual(["COC_STORAGE_LOCKED", "COC_STORAGE_LOCKED", "COC_STORAGE_LOCKED", "held"]);
      await Promise.all(others.map((other) => other.end()));
      expect(await locksIn(folder)).toEqual([]);
    }
  });

  it("names the process that has it, and the file", async () => {
    const folder = await temporaryFolder();
    const other = await startHolder(folder);
    await other.open();
    const [file] = await locksIn(folder);
    await expect(openIn(folder)).rejects.toMatchObject({
      code: "COC_STORAGE_LOCKED",
      message: `the storage ${folder} is used by process ${other.pid} (${join(folder, file ?? "")}): end that, or use another folder`,
    });
    expect(await locksIn(folder)).toEqual([file]);
  });

  it("is not taken twice by one process", async () => {
    const folder = await temporaryFolder();
    const storage = await openIn(folder);
    await expect(openIn(folder)).rejects.toMatchObject({ code: "COC_STORAGE_LOCKED" });
    await storage.close();
    await (await openIn(folder)).close();
  });

  it("is taken over from an earlier process of the same number, whoever has that number now", async () => {
    const folder = await temporaryFolder();
    // Process 1 lives and is root's; it is not the one that started at tick 1 of another boot.
    await writeFile(join(folder, ".lock-1-1.0123abcd"), "");
    await chmod(folder, 0o777);
    const other = await startHolder(folder, ...(process.getuid?.() === 0 ? ["65534"] : []));
    expect(await other.open()).toBe("held");
    await other.end();
    for (const name of [`.lock-${process.pid}-1.0123abcd`, ".lock-1-1.0123abcd"])
      await writeFile(join(folder, name), "");
    const storage = await openIn(folder);
    expect(await locksIn(folder)).toHaveLength(1);
    await storage.close();
  });
});
