import { execFileSync } from "node:child_process";
import { appendFile, mkdir, mkdtemp, rename, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createError, type Driver, type JobOutcome } from "@cocaine/core/plugin";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FsEvent, fsDriver } from "../src/index.ts";
import { contextOf, ok } from "./support/context.ts";

let folder: string;
let driver: Driver | undefined;
let warnings: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cocaine-fs-"));
});
afterEach(async () => {
  await driver?.close();
  driver = undefined;
  await rm(folder, { recursive: true, force: true });
});

type Answer = Parameters<typeof contextOf>[0];

async function start(options: Record<string, unknown> = {}, answer: Answer = () => ok): Promise<FsEvent[]> {
  const plugin = fsDriver();
  const { context, events, warnings: logged } = contextOf(answer);
  warnings = logged;
  driver = plugin.create(plugin.options.parse({ path: folder, settle: 50, ...options }), context);
  await driver.start();
  return events;
}

const told = (events: FsEvent[], expected: string[]) =>
  vi.waitFor(
    () =>
      expect(events.map(({ event, path }) => `${event} ${path.slice(folder.length + 1)}`).sort()).toEqual(
        expected.sort(),
      ),
    { timeout: 5000 },
  );

/** Writes a file in steps of 1000 bytes, 40 ms apart. */
async function write(path: string, steps: number): Promise<void> {
  for (let step = 0; step < steps; step++) {
    await appendFile(path, "x".repeat(1000));
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

/** Whatever was done before this file was made has been told once it is. */
async function settled(events: FsEvent[]): Promise<void> {
  await writeFile(join(folder, "last"), "");
  await vi.waitFor(() => expect(events.map(({ path }) => path)).toContain(join(folder, "last")), { timeout: 5000 });
}

describe("fs", () => {
  it("tells a file that is dropped into the folder once, with what it is", async () => {
    const events = await start();
    await writeFile(join(folder, "job.txt"), "hello");
    await settled(events);
    expect(events.filter(({ path }) => path.endsWith("job.txt"))).toEqual([
      { event: "add", path: join(folder, "job.txt"), type: "file", size: 5, mtimeMs: expect.any(Number) },
    ]);
  });

  it("tells a file once that is written bit by bit, when it is whole", async () => {
    const events = await start({ settle: 200 });
    execFileSync("sh", ["-c", 'for i in 1 2 3 4 5 6; do echo "$i" >> "$0"; sleep 0.05; done', join(folder, "slow")]);
    await vi.waitFor(() => expect(events).toHaveLength(1), { timeout: 5000 });
    expect(events[0]).toMatchObject({ event: "add", size: 12 });
  });

  it("tells changes, removals and folders as it is asked to", async () => {
    await writeFile(join(folder, "old"), "1");
    const events = await start({ events: ["add", "change", "unlink", "addDir", "unlinkDir"] });
    await appendFile(join(folder, "old"), "2");
    await told(events, ["change old"]);
    await unlink(join(folder, "old"));
    await mkdir(join(folder, "sub"));
    await told(events, ["change old", "unlink old", "addDir sub"]);
    await writeFile(join(folder, "sub", "deep"), "");
    await told(events, ["change old", "unlink old", "addDir sub", "add sub/deep"]);
    await rm(join(folder, "sub"), { recursive: true });
    await told(events, ["change old", "unlink old", "addDir sub", "add sub/deep", "unlink sub/deep", "unlinkDir sub"]);
  });

  it("tells a file that is moved into the folder", async () => {
    const events = await start();
    const outside = `${folder}.outside`;
    await writeFile(outside, "moved");
    await rename(outside, join(folder, "moved"));
    await told(events, ["add moved"]);
  });

  it("leaves out what does not match", async () => {
    const events = await start({ include: "**/*.csv", exclude: ["tmp/**"] });
    await mkdir(join(folder, "tmp"));
    await mkdir(join(folder, "in"));
    for (const name of ["a.txt", "tmp/b.csv", "in/c.csv", "d.csv"]) await writeFile(join(folder, name), "");
    await told(events, ["add in/c.csv", "add d.csv"]);
  });

  it("watches no deeper than depth", async () => {
    const events = await start({ depth: 0 });
    await mkdir(join(folder, "sub"));
    await writeFile(join(folder, "sub", "deep"), "");
    await settled(events);
    expect(events.map(({ path }) => path)).toEqual([join(folder, "last")]);
  });

  it("tells what is there already only where it is asked to", async () => {
    await writeFile(join(folder, "old"), "");
    const silent = await start();
    await settled(silent);
    expect(silent).toHaveLength(1);
    await driver?.close();
    await told(await start({ initial: true }), ["add old", "add last"]);
  });

  it("refuses a path that is not there, and says what to do", async () => {
    await expect(start({ path: join(folder, "none") })).rejects.toMatchObject({
      code: "COC_FS_PATH",
      message: `there is no ${join(folder, "none")} to watch: make it, or set "wait": true to wait for it`,
    });
  });

  it("waits for it where it is asked to, and tells what it holds", async () => {
    const path = join(folder, "later");
    const events = await start({ path, wait: true });
    await mkdir(path);
    await writeFile(join(path, "first"), "");
    await told(events, ["add later/first"]);
  });

  it("goes on waiting where a file stands in the way, and says so once", async () => {
    const path = join(folder, "way", "later");
    const events = await start({ path, wait: true });
    await writeFile(join(folder, "way"), "a file");
    await vi.waitFor(() => expect(warnings).toEqual([expect.stringContaining("ENOTDIR")]), { timeout: 5000 });
    await unlink(join(folder, "way"));
    await mkdir(path, { recursive: true });
    await writeFile(join(path, "first"), "");
    await told(events, ["add way/later/first"]);
    expect(warnings).toHaveLength(1);
  });

  it("tells a file once, whole, that is being written when the path comes", async () => {
    const path = join(folder, "later");
    const events = await start({ path, wait: true, settle: 500 });
    await mkdir(path);
    await write(join(path, "slow"), 20);
    await vi.waitFor(() => expect(events).toHaveLength(1), { timeout: 5000 });
    expect(events[0]).toMatchObject({ event: "add", size: 20_000 });
    await writeFile(join(path, "next"), "");
    await told(events, ["add later/slow", "add later/next"]);
  });

  it("tells a file once, whole, that is being written when it starts", async () => {
    const path = join(folder, "slow");
    await writeFile(path, "");
    const writing = write(path, 12);
    const events = await start({ initial: true, settle: 500 });
    expect(events).toEqual([]);
    await writing;
    await settled(events);
    expect(events.map(({ event, size }) => [event, size])).toEqual([
      ["add", 12_000],
      ["add", 0],
    ]);
  });

  it("tells nothing of a file that is gone before it was whole", async () => {
    const events = await start({ settle: 200, events: ["add", "unlink"] });
    await writeFile(join(folder, "short"), "");
    await vi.waitFor(() => expect(driver?.info?.().settling).toBe(1), { interval: 5, timeout: 5000 });
    await unlink(join(folder, "short"));
    await settled(events);
    expect(events.map(({ path }) => path)).toEqual([join(folder, "last")]);
  });

  it("waits for a file as well, and tells it when it comes", async () => {
    const path = join(folder, "one");
    const events = await start({ path, wait: true, include: "one" });
    await writeFile(path, "1");
    await told(events, ["add one"]);
  });

  it("keeps what the queue has no room for, and runs it later", async () => {
    const full: JobOutcome = { status: "failed", error: createError("COC_QUEUE_FULL", "full") };
    const ran = new Set<string>();
    await start({}, ({ path }, count) => {
      if (count <= 3) return full;
      ran.add(path);
      return ok;
    });
    for (let i = 0; i < 5; i++) await writeFile(join(folder, `file${i}`), "");
    await vi.waitFor(() => expect(ran.size).toBe(5), { timeout: 5000 });
  });

  it("runs no jobs while it is paused, and the ones that came meanwhile afterwards", async () => {
    const events = await start();
    driver?.pause?.("paused");
    await writeFile(join(folder, "meanwhile"), "");
    await vi.waitFor(() => expect(driver?.info?.().waiting).toBe(1), { timeout: 5000 });
    expect(events).toEqual([]);
    driver?.resume?.();
    await told(events, ["add meanwhile"]);
  });

  it("has drained when the running jobs have ended", async () => {
    let end: (outcome: JobOutcome) => void = () => undefined;
    const events = await start({}, () => new Promise((resolve) => (end = resolve)));
    await writeFile(join(folder, "slow"), "");
    await vi.waitFor(() => expect(events).toHaveLength(1), { timeout: 5000 });
    let drained = false;
    const draining = driver?.drain().then(() => {
      drained = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(drained).toBe(false);
    end(ok);
    await draining;
    await driver?.close();
  });

  /** Two files that wait, since the driver was paused. */
  async function waiting(answer: Answer): Promise<FsEvent[]> {
    const events = await start({}, answer);
    driver?.pause?.("paused");
    for (const name of ["a", "b"]) await writeFile(join(folder, name), "");
    await vi.waitFor(() => expect(driver?.info?.().waiting).toBe(2), { timeout: 5000 });
    return events;
  }

  it("runs what waits before it has drained, also where the queue is full at first", async () => {
    const full: JobOutcome = { status: "failed", error: createError("COC_QUEUE_FULL", "full") };
    const ran: string[] = [];
    await waiting(({ path }, count) => {
      if (count > 2) ran.push(path.slice(folder.length + 1));
      return count > 2 ? ok : full;
    });
    await driver?.drain();
    expect(ran.sort()).toEqual(["a", "b"]);
    expect(warnings).toEqual([]);
  });

  it("runs a file before it has drained that was not whole yet", async () => {
    const events = await start({ settle: 300 });
    await writeFile(join(folder, "late"), "");
    await vi.waitFor(() => expect(driver?.info?.().settling).toBe(1), { interval: 5, timeout: 5000 });
    await driver?.drain();
    expect(events.map(({ path }) => path)).toEqual([join(folder, "late")]);
  });

  it.each(["COC_SHUTDOWN", "COC_APP_FAILED", "COC_APP_PAUSED"] as const)(
    "has drained when the app answers %s, and says how many were not run",
    async (code) => {
      await waiting(() => ({ status: "failed", error: createError(code, "no") }));
      await driver?.drain();
      expect(warnings).toEqual(["2 changes were not run"]);
    },
  );

  it("ends a drain when it is closed, and says how many were not run", async () => {
    await waiting(() => ({ status: "failed", error: createError("COC_QUEUE_FULL", "full") }));
    const draining = driver?.drain();
    await vi.waitFor(() => expect(driver?.info?.().running).toBe(0));
    await driver?.close();
    await draining;
    expect(warnings).toEqual(["2 changes were not run"]);
  });

  it.each([
    [{}, "path"],
    [{ path: "spool" }, "path"],
    [{ path: "/", events: [] }, "events"],
    [{ path: "/", events: ["made"] }, "events"],
    [{ path: "/", settle: -1 }, "settle"],
  ])("refuses the options %j", (options, path) => {
    expect(fsDriver().options.safeParse(options).error?.issues[0]?.path[0]).toBe(path);
  });
});
