import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  unlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createError, type Driver, type JobOutcome } from "@cocaine/core/plugin";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { fsDriver } from "../src/index.ts";
import { contextOf, ok } from "./support/context.ts";

type Answer = Parameters<typeof contextOf>[0];

const patience = { timeout: 15_000, interval: 20 };
const failure: JobOutcome = { status: "failed", error: createError("COC_JOB_FAILED", "the job failed") };

let folder: string;
let spool: string;
let driver: Driver | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cocaine-spool-"));
  spool = join(folder, "in");
  await mkdir(spool);
});
afterEach(async () => {
  await driver?.close();
  driver = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function start(options: Record<string, unknown> = {}, answer: Answer = () => ok) {
  const plugin = fsDriver();
  const { context, ...log } = contextOf(answer);
  driver = plugin.create(plugin.options.parse({ path: spool, spool: true, settle: 30, ...options }), context);
  await driver.start();
  return { ...log, names: () => log.events.map(({ path }) => path.slice(spool.length + 1)) };
}

const put = (name: string, text = name) => writeFile(join(spool, name), text);
/** The files below a folder: links are not followed, as some versions of Node do by themselves. */
const below = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? below(join(path, entry.name)) : [join(path, entry.name)],
  );
const files = (path = spool) => below(path).map((name) => name.slice(path.length + 1));
const holds = (expected: readonly string[], path = spool) =>
  vi.waitFor(() => expect(files(path).sort()).toEqual([...expected].sort()), patience);
const idle = () => vi.waitFor(() => expect(driver?.info?.()).toMatchObject({ running: 0, settling: 0 }), patience);

describe("a spool", () => {
  it("removes each file whose job has ended well, those that were there first, in the order of their names", async () => {
    for (const name of ["c", "a", "b"]) {
      await put(name);
      // Whole for long: one that was just written would have to settle first, each in its own time.
      await utimes(join(spool, name), 1, 1);
    }
    const { events, names } = await start();
    await holds([]);
    expect(names()).toEqual(["a", "b", "c"]);
    expect(events[0]).toEqual({
      event: "add",
      path: join(spool, "a"),
      type: "file",
      size: 1,
      mtimeMs: expect.any(Number),
    });
    await put("later");
    await vi.waitFor(() => expect(names()).toEqual(["a", "b", "c", "later"]), patience);
    await holds([]);
  });

  it("keeps a file as long as its job runs", async () => {
    let end: (outcome: JobOutcome) => void = () => undefined;
    const { names } = await start({}, () => new Promise((resolve) => (end = resolve)));
    await put("slow");
    await vi.waitFor(() => expect(names()).toEqual(["slow"]), patience);
    expect(files()).toEqual(["slow"]);
    end(ok);
    await holds([]);
  });

  it("moves a file to done or failed as its job ended, subfolders and all, and over no other", async () => {
    await mkdir(join(spool, "sub"));
    const { warnings } = await start({ done: join(spool, "done") }, ({ path }) =>
      path.includes("bad") ? failure : ok,
    );
    for (const text of ["1", "2"]) {
      await put("good", text);
      await put("sub/good", text);
      await put("bad", text);
      await vi.waitFor(() => expect(files().filter((name) => !/^(done|failed)\//.test(name))).toEqual([]), patience);
    }
    const suffix = /\.\d+-[0-9a-f]{6}$/;
    const expected = ["done/good", "done/good", "done/sub/good", "done/sub/good", "failed/bad", "failed/bad"];
    expect(
      files()
        .map((name) => name.replace(suffix, ""))
        .sort(),
    ).toEqual(expected);
    const texts = files()
      .filter((name) => name.startsWith("done/good"))
      .map((name) => readFileSync(join(spool, name), "utf8"));
    expect(texts.sort()).toEqual(["1", "2"]);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toBe(`the job of a file failed, which is in ${join(spool, "failed")}: the job failed`);
  });

  it("tells a file again that changed while its job ran, and takes it away afterwards", async () => {
    const { names } = await start({ done: join(folder, "done") }, async ({ path }, count) => {
      if (count === 1) await appendFile(path, " more");
      if (count === 2) renameSync(await write(join(folder, "other"), "other"), path);
      return ok;
    });
    await put("one");
    await holds([]);
    expect(names()).toEqual(["one", "one", "one"]);
    expect(await readFile(join(folder, "done", "one"), "utf8")).toBe("other");
  });

  it("tells a file again whose job failed as it changed", async () => {
    const { names, warnings } = await start({}, async ({ path }, count) => {
      if (count > 1) return ok;
      await appendFile(path, " more");
      return failure;
    });
    await put("one");
    await holds([]);
    expect(names()).toEqual(["one", "one"]);
    expect(warnings).toEqual(["the job of a file failed, which has changed and is told again: the job failed"]);
  });

  it("has nothing to do with a file that its job took away", async () => {
    const { warnings, names } = await start({}, async ({ path }) => {
      await unlink(path);
      return ok;
    });
    await put("one");
    await vi.waitFor(() => expect(names()).toEqual(["one"]), patience);
    await idle();
    expect(warnings).toEqual([]);
  });

  it("tells a file when it is whole", async () => {
    const { events } = await start({ settle: 300 });
    execFileSync("sh", ["-c", 'for i in 1 2 3 4 5 6; do echo "$i" >> "$0"; sleep 0.05; done', join(spool, "slow")]);
    await holds([]);
    expect(events).toMatchObject([{ size: 12 }]);
  });

  it("leaves alone what does not match, what is too deep, and what is no file", async () => {
    await mkdir(join(spool, "sub", "deep"), { recursive: true });
    execFileSync("sh", ["-c", 'mkfifo "$0"', join(spool, "pipe.csv")]);
    for (const name of ["a.csv", "b.txt", ".c.csv", "sub/d.csv", "sub/deep/e.csv"]) await put(name);
    await start({ include: "**/*.csv", exclude: "**/.*", depth: 1 });
    await holds([".c.csv", "b.txt", "pipe.csv", "sub/deep/e.csv"]);
  });

  it("finds what is put into new folders", async () => {
    const { names } = await start();
    for (let i = 0; i < 20; i++) {
      mkdirSync(join(spool, `${i}`, "below"), { recursive: true });
      writeFileSync(join(spool, `${i}`, "below", "file"), "");
    }
    await holds([]);
    expect(new Set(names()).size).toBe(20);
  });

  it("removes a link, never what it points to, and follows none to a folder", async () => {
    const outside = join(folder, "outside");
    await mkdir(outside);
    await writeFile(join(outside, "kept"), "kept");
    symlinkSync(join(outside, "kept"), join(spool, "link"));
    symlinkSync(outside, join(spool, "folder"));
    symlinkSync(".", join(spool, "loop"));
    symlinkSync("nothing", join(spool, "dangling"));
    const { names } = await start();
    await holds(["folder", "loop", "dangling"]);
    expect(names()).toEqual(["link"]);
    expect(files(outside)).toEqual(["kept"]);
  });

  it("moves a link as a link", async () => {
    await writeFile(join(folder, "kept"), "kept");
    await symlink("../kept", join(spool, "link"));
    await start({ done: join(folder, "below", "done") });
    await holds([]);
    expect(await readdir(join(folder, "below", "done"))).toEqual(["link"]);
    expect(await readFile(join(folder, "kept"), "utf8")).toBe("kept");
  });

  it("takes names that are not UTF-8, and the longest there are", async () => {
    const name = Buffer.from([0x61, 0xff, 0xfe, 0x0a, 0x62]);
    const long = "l".repeat(255);
    const paths = [name, Buffer.from(long)].map((each) => Buffer.concat([Buffer.from(`${spool}/`), each]));
    for (const path of paths) await writeFile(path, "");
    const { chunks } = await start({ done: join(folder, "done") });
    await holds([]);
    expect(chunks).toEqual(paths);
    const done = await readdir(Buffer.from(join(folder, "done")), { encoding: "buffer" } as never);
    expect((done as unknown as Buffer[]).map((each) => each.toString("latin1"))).toEqual(
      expect.arrayContaining([name.toString("latin1"), long]),
    );
    await put(long);
    await vi.waitFor(() => expect(files(join(folder, "done"))).toHaveLength(3), patience);
  });

  it("moves to another file system", async () => {
    const elsewhere = await mkdtemp("/dev/shm/cocaine-spool-");
    onTestFinished(() => rm(elsewhere, { recursive: true, force: true }));
    await start({ done: elsewhere, failed: join(elsewhere, "failed") }, ({ path }) =>
      path.endsWith("bad") ? failure : ok,
    );
    for (const text of ["1", "2"]) {
      await put("good", text);
      await put("bad", text);
      symlinkSync("/etc/hostname", join(spool, "link"));
      await holds([]);
    }
    expect(
      files(elsewhere)
        .map((name) => name.replace(/\.\d+-[0-9a-f]{6}$/, ""))
        .sort(),
    ).toEqual(["failed/bad", "failed/bad", "good", "good", "link", "link"]);
    expect(await readFile(join(elsewhere, "good"), "utf8")).toBe("1");
  });

  it("tells a file again that was being taken away when the server was killed, under its own name if that is free", async () => {
    await put(".cocaine-0123456789ab-old.csv", "old");
    await put(".cocaine-0123456789ab-both.csv", "the older");
    await put("both.csv", "the newer");
    await put("other");
    const sizes: unknown[] = [];
    await start({ include: "*.csv" }, ({ path, size }) => {
      sizes.push([path.slice(spool.length + 1), size]);
      return ok;
    });
    await holds(["other"]);
    expect(sizes.sort()).toEqual([
      [".cocaine-0123456789ab-both.csv", 9],
      ["both.csv", 9],
      ["old.csv", 3],
    ]);
  });

  it("tells nothing of what is in done, also where links lead there", async () => {
    const link = join(folder, "link");
    await symlink(spool, link);
    const { events } = await start({ path: link, done: join(spool, "done"), failed: join(link, "not") }, ({ path }) =>
      path.endsWith("bad") ? failure : ok,
    );
    for (const name of ["good", "bad"]) await put(name);
    await holds(["done/good", "not/bad"]);
    await put("last");
    await holds(["done/good", "done/last", "not/bad"]);
    expect(events).toHaveLength(3);
  });

  it("tells once what has both names, as it has after a kill, and moves it once", async () => {
    const done = join(folder, "done");
    await mkdir(done);
    await put("one");
    linkSync(join(spool, "one"), join(done, "one"));
    await start({ done });
    await holds([]);
    expect(files(done)).toEqual(["one"]);
  });

  it("does not run a job again whose file cannot be taken away, and takes it away when it can be", async () => {
    const done = join(folder, "done");
    const { names, warnings } = await start({ done });
    await rm(done, { recursive: true });
    await writeFile(done, "in the way");
    await put("one");
    await vi.waitFor(() => expect(warnings).toEqual([expect.stringContaining("ENOTDIR")]), patience);
    expect(driver?.info?.()).toMatchObject({ running: 0, stuck: 1 });
    await put("two");
    await vi.waitFor(() => expect(names()).toEqual(["one", "two"]), patience);
    await unlink(done);
    await holds([]);
    expect(names()).toEqual(["one", "two"]);
    expect(files(done).sort()).toEqual(["one", "two"]);
  });

  it("drains though a file cannot be taken away", async () => {
    const done = join(folder, "done");
    const { warnings } = await start({ done });
    await rm(done, { recursive: true });
    await writeFile(done, "in the way");
    await put("one");
    await vi.waitFor(() => expect(warnings).toHaveLength(1), patience);
    await driver?.drain();
    expect(files()).toEqual(["one"]);
  });

  it.each(["COC_QUEUE_FULL", "COC_APP_FAILED", "COC_APP_PAUSED", "COC_SHUTDOWN"] as const)(
    "keeps a file that the app could not take (%s), and tells it again",
    async (code) => {
      const refusal: JobOutcome = { status: "failed", error: createError(code, "no") };
      const { events, warnings } = await start({}, (_, count) => (count <= 3 ? refusal : ok));
      await put("one");
      await holds([]);
      expect(events).toHaveLength(4);
      expect(warnings).toEqual([]);
    },
  );

  it("begins no more than the queue takes, and no jobs while it is paused", async () => {
    const ends: (() => void)[] = [];
    let most = 0;
    const { events } = await start({}, () => {
      most = Math.max(most, ends.length + 1);
      if (ends.length + 1 >= 5) driver?.pause?.("full");
      return new Promise((resolve) => ends.push(() => resolve(ok)));
    });
    for (let i = 0; i < 40; i++) await put(`file${i}`);
    await vi.waitFor(() => {
      for (const end of ends.splice(0)) end();
      driver?.resume?.();
      expect(events).toHaveLength(40);
    }, patience);
    for (const end of ends.splice(0)) end();
    await holds([]);
    expect(most).toBe(5);
  });

  it("stays when its folder goes, and goes on when it is back", async () => {
    const { names, warnings } = await start();
    await put("one");
    await holds([]);
    await rename(spool, `${spool}.away`);
    await vi.waitFor(() => expect(driver?.info?.()).toMatchObject({ watching: false }), patience);
    expect(driver?.info?.().problem).toBe(`${spool} is gone: nothing is told until it is back`);
    expect(warnings).toEqual([`${spool} is gone: nothing is told until it is back`]);
    await mkdir(spool);
    await put("two");
    await vi.waitFor(() => expect(names()).toEqual(["one", "two"]), patience);
    expect(driver?.info?.()).toMatchObject({ watching: true });
    expect(driver?.info?.().problem).toBeUndefined();
  });

  it("waits for its folder where it is asked to", async () => {
    await rm(spool, { recursive: true });
    const { names } = await start({ wait: true });
    await mkdir(spool);
    await put("one");
    await vi.waitFor(() => expect(names()).toEqual(["one"]), patience);
  });

  it("takes 10,000 files at once, with no more than 1000 known", { timeout: 120_000 }, async () => {
    const count = 10_000;
    for (let i = 0; i < count; i++) writeFileSync(join(spool, `file${i}`), "");
    let [running, most, waiting] = [0, 0, 0];
    const { names } = await start({}, async () => {
      running++;
      [most, waiting] = [Math.max(most, running), Math.max(waiting, Number(driver?.info?.().waiting))];
      await new Promise(setImmediate);
      running--;
      return ok;
    });
    await vi.waitFor(() => expect(readdirSync(spool)).toEqual(["failed"]), { timeout: 100_000, interval: 200 });
    expect(names()).toHaveLength(count);
    expect(new Set(names()).size).toBe(count);
    expect(most).toBeLessThanOrEqual(1000);
    expect(waiting).toBeLessThan(1500);
  });
});

async function write(path: string, text: string): Promise<string> {
  await writeFile(path, text);
  return path;
}

/** Root may do anything: it is somebody else for a while. */
async function asNobody<T>(run: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return run();
  process.seteuid?.(65_534);
  try {
    return await run();
  } finally {
    process.seteuid?.(0);
  }
}

describe("a spool of somebody else's files", () => {
  it("moves and removes them as well, where the system lets it give them no second name", async () => {
    const done = join(folder, "done");
    await mkdir(done);
    for (const each of [folder, spool, done]) await chmod(each, 0o777);
    for (const name of ["good", "bad"]) await put(name, "new");
    await writeFile(join(done, "good"), "old");
    await asNobody(async () => {
      await start({ done }, ({ path }) => (path.endsWith("bad") ? failure : ok));
      await holds(["failed/bad"]);
      await driver?.drain();
    });
    const texts = files(done).map((name) => readFileSync(join(done, name), "utf8"));
    expect(texts.sort()).toEqual(["new", "old"]);
  });
});

describe("the start of a spool", () => {
  it.each([
    ["is not there", () => join(folder, "none"), {}, /^there is no .*\/none to watch: make it, or set "wait": true/],
    [
      "is a file",
      () => join(folder, "file"),
      {},
      /^.*\/file is not a folder: a spool takes the files out of one, give its path$/,
    ],
    [
      "has no place for done",
      () => spool,
      { done: "/proc/none" },
      /^files cannot be moved to \/proc\/none \("done"\): ENOENT.*; give a folder that can be made$/,
    ],
    [
      "has a file for failed",
      () => spool,
      { failed: "/etc/hostname" },
      /^files cannot be moved to \/etc\/hostname \("failed"\): EEXIST.*; give a folder that can be made$/,
    ],
  ])("is refused where it %s, with what to do", async (_, path, options, message) => {
    await writeFile(join(folder, "file"), "");
    await expect(start({ path: path(), ...options })).rejects.toMatchObject({
      code: "COC_FS_PATH",
      message: expect.stringMatching(message),
    });
  });

  it("is refused where a link makes done the spool itself", async () => {
    const link = join(folder, "link");
    await symlink(spool, link);
    await expect(start({ done: link })).rejects.toMatchObject({
      code: "COC_FS_PATH",
      message: `files cannot be moved to ${link} ("done"): it is the spool itself; give another folder`,
    });
  });

  it.each([
    ["a spool cannot be read", {}, 0o711, /in cannot be watched: EACCES.*opendir.*; let the server read it$/],
    [
      "a folder cannot be read",
      { spool: false },
      0o711,
      /in cannot be watched: EACCES.*opendir.*; let the server read it$/,
    ],
    ["a path cannot be come to", { path: "/root/none/in" }, 0o777, /^\/root\/none\/in cannot be watched: EACCES/],
    ["a spool cannot be written to", {}, 0o755, /in cannot be a spool: EACCES.*; let the server write in it$/],
    [
      "done cannot be made",
      { done: "/none/done" },
      0o777,
      /\/none\/done \("done"\): EACCES.*; give a folder that can be made$/,
    ],
    ["done cannot be written to", { done: "/etc" }, 0o777, /\/etc \("done"\): EACCES.*; let the server write in it$/],
  ])("is refused where %s", async (_, options, mode, message) => {
    await chmod(folder, 0o755);
    await chmod(spool, mode);
    const refused = expect(asNobody(() => start(options))).rejects.toMatchObject({
      code: "COC_FS_PATH",
      message: expect.stringMatching(message),
    });
    await refused;
  });

  it.each([
    [{ events: ["add"] }, "events"],
    [{ initial: false }, "initial"],
    [{ done: "done" }, "done"],
    [{ done: "/var/spool/in/" }, "done"],
    [{ failed: "/var/spool/x/../in" }, "failed"],
    [{ spool: false, done: "/done" }, "done"],
    [{ spool: false, failed: "/failed" }, "failed"],
  ])("is refused with the options %j", (options, path) => {
    const given = { path: "/var/spool/in", spool: true, ...options };
    expect(fsDriver().options.safeParse(given).error?.issues[0]?.path[0]).toBe(path);
  });
});
