import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Driver } from "@cocaine/core/plugin";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fsDriver } from "../src/index.ts";
import { contextOf, ok } from "./support/context.ts";

const patience = { timeout: 15_000, interval: 20 };
const events = ["add", "change", "unlink", "addDir", "unlinkDir"];
let folder: string;
let watched: string;
let driver: Driver | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cocaine-fs-"));
  watched = join(folder, "in");
  await mkdir(watched);
});
afterEach(async () => {
  await driver?.close();
  driver = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function start(options: Record<string, unknown>) {
  const plugin = fsDriver();
  const { context, ...log } = contextOf(() => ok);
  driver = plugin.create(plugin.options.parse({ path: watched, settle: 200, ...options }), context);
  await driver.start();
  return { ...log, told: () => log.events.map(({ event, path }) => `${event} ${path.slice(watched.length + 1)}`) };
}

/** Programs that write `$1`, with `$2` as a file elsewhere. */
const programs = {
  "vim, which writes a new file": 'vi -u NONE -N -es "+set nobackup writebackup backupcopy=no" +%s/.*/new/ +wq "$1"',
  "vim, which writes in place": 'vi -u NONE -N -es "+set nobackup writebackup backupcopy=yes" +%s/.*/new/ +wq "$1"',
  "vim, which keeps backups elsewhere":
    'vi -u NONE -N -es "+set backup backupcopy=auto backupdir=$(dirname "$2")" +%s/.*/new/ +wq "$1"',
  mv: 'mv "$2" "$1"',
  rsync: 'touch -d "1 hour ago" "$2"; rsync -t --ignore-times "$2" "$1"',
  "rsync in place": 'rsync --inplace --ignore-times "$2" "$1"',
  cp: 'cp "$2" "$1"',
  "cp -p": 'cp -p "$2" "$1"',
  touch: 'sleep 0.02; touch "$1"',
  sed: '[ -e "$1" ] || cp "$2" "$1"; sed -i s/.*/new/ "$1"',
  "python in place": `python3 -c 'import sys; open(sys.argv[1], "w").write("new")' "$1"`,
  "python with os.replace": `python3 -c 'import os, sys; open(sys.argv[1] + "~", "w").write("new"); os.replace(sys.argv[1] + "~", sys.argv[1])' "$1"`,
};
const runProgram = (script: string, path: string, other: string) =>
  execFileSync("sh", ["-c", script, "sh", path, other], { stdio: "pipe" });

describe.each(Object.entries(programs))("%s", (_, script) => {
  it("changes a file: one change is told, and nothing else", async () => {
    await writeFile(join(watched, "one"), "before\n");
    const { told } = await start({ events });
    await writeFile(join(folder, "other"), "another\n");
    runProgram(script, join(watched, "one"), join(folder, "other"));
    await vi.waitFor(() => expect(told()).toContain("change one"), patience);
    await writeFile(join(watched, "last"), "");
    await vi.waitFor(() => expect(told()).toContain("add last"), patience);
    expect(told()).toEqual(["change one", "add last"]);
  });

  it("puts a file into a spool, which runs one job for it", async () => {
    await writeFile(join(folder, "other"), "another\n");
    const { told } = await start({ spool: true });
    runProgram(script, join(watched, "one"), join(folder, "other"));
    await vi.waitFor(() => expect(told()).toEqual(["add one"]), patience);
    await writeFile(join(watched, "last"), "");
    await vi.waitFor(() => expect(told()).toEqual(["add one", "add last"]), patience);
    await vi.waitFor(() => expect(readdirSync(watched)).toEqual(["failed"]), patience);
  });
});

describe("a watched folder", () => {
  it.each([{ wait: false }, { wait: true }])("that goes is watched again when it is back, with %j", async (options) => {
    const { told, warnings } = await start({ events, ...options });
    await rename(watched, `${watched}.away`);
    const gone = `${watched} is gone: nothing is told until it is back`;
    await vi.waitFor(() => expect(driver?.info?.()).toMatchObject({ watching: false, problem: gone }), patience);
    expect(warnings).toEqual([gone]);
    await mkdir(watched);
    await writeFile(join(watched, "one"), "");
    await vi.waitFor(() => expect(told()).toEqual(["add one"]), patience);
    await writeFile(join(watched, "two"), "");
    await vi.waitFor(() => expect(told()).toEqual(["add one", "add two"]), patience);
    expect(driver?.info?.().problem).toBeUndefined();
  });

  it("that is replaced at once by another is watched as that", async () => {
    const { told } = await start({ events });
    const next = mkdtempSync(join(folder, "next-"));
    await rename(watched, `${watched}.away`);
    await rename(next, watched);
    let number = 0;
    await vi.waitFor(
      async () => {
        await writeFile(join(watched, `file${number++}`), "");
        expect(told().length).toBeGreaterThan(0);
      },
      { timeout: 15_000, interval: 300 },
    );
  });

  it("that is a link is watched, and links in it are told and not followed", async () => {
    const link = join(folder, "link");
    await symlink(watched, link);
    const { events: jobs } = await start({ path: link, events });
    await symlink(".", join(watched, "loop"));
    await symlink("..", join(watched, "up"));
    await writeFile(join(watched, "one"), "");
    const paths = () => jobs.map(({ event, path }) => `${event} ${path}`).sort();
    await vi.waitFor(
      () => expect(paths()).toEqual(["loop", "one", "up"].map((name) => `add ${link}/${name}`)),
      patience,
    );
  });

  it("says once that it cannot tell names that are not UTF-8, and goes on", async () => {
    const { told, warnings } = await start({ events });
    for (const byte of [0xff, 0xfe]) {
      writeFileSync(Buffer.concat([Buffer.from(join(watched, "odd")), Buffer.from([byte])]), "");
    }
    await writeFile(join(watched, "one"), "");
    await vi.waitFor(() => expect(told()).toEqual(["add one"]), patience);
    expect(warnings).toEqual([expect.stringMatching(/^a name that is not UTF-8 is not told \(odd\ufffd\): rename it/)]);
  });

  it("tells the longest names there are", async () => {
    const { told } = await start({ events });
    await writeFile(join(watched, "l".repeat(255)), "");
    await vi.waitFor(() => expect(told()).toEqual([`add ${"l".repeat(255)}`]), patience);
  });

  it("tells 10,000 files at once", { timeout: 120_000 }, async () => {
    const { told } = await start({ settle: 100 });
    for (let i = 0; i < 10_000; i++) writeFileSync(join(watched, `file${i}`), "");
    await vi.waitFor(() => expect(told()).toHaveLength(10_000), { timeout: 100_000, interval: 200 });
    expect(new Set(told()).size).toBe(10_000);
    rmSync(watched, { recursive: true });
    await vi.waitFor(() => expect(driver?.info?.()).toMatchObject({ watching: false }), patience);
    await mkdir(watched);
    await writeFile(join(watched, "one"), "");
    await vi.waitFor(() => expect(told()).toContain("add one"), patience);
  });
});
