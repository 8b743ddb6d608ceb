import { readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";
import { writeManifest } from "./support/manifest.ts";
import { type RunningNode, startNode } from "./support/node.ts";
import { peakMemory } from "./support/processes.ts";
import { temporaryFolder } from "./support/temporary.ts";

const FILES = 10_000;
const app = fileURLToPath(new URL("fixtures/spool/app.mjs", import.meta.url));

/** How often each file's job began and ended. */
function readJournal(path: string): { begun: Map<string, number>; ended: Map<string, number> } {
  const [begun, ended] = [new Map<string, number>(), new Map<string, number>()];
  for (const line of readFileSync(path, "utf8").trimEnd().split("\n")) {
    const [what, name = ""] = line.split(" ");
    const counts = what === "begun" ? begun : ended;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return { begun, ended };
}

const size = (counts: Map<string, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0);

it("a spool of 10,000 files loses none, whatever is killed", { timeout: 180_000 }, async () => {
  const [folder, runtimeDir, storage] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder()];
  const [spool, journal] = [join(folder, "in"), join(folder, "journal")];
  await mkdir(spool);
  const names = Array.from({ length: FILES }, (_, index) => `${index % 1000 === 0 ? "bad" : "file"}-${index}`);
  for (const name of names) await writeFile(join(spool, name), name);

  const start = () => startNode({ runtimeDir, storage: `files:${storage}`, args: ["--log-level", "info"] });
  const manifest = {
    type: "js",
    args: app,
    env: { JOURNAL: journal },
    engine: { "pool-limit": 2, "queue-limit": 100, concurrency: 4 },
    tasks: {
      spool: {
        type: "fs",
        path: spool,
        spool: true,
        done: join(spool, "done"),
        retries: { attempts: 5, backoff: 0.05, on: ["crash", "timeout", "error"] },
      },
    },
  };
  let node: RunningNode = await start();
  await node.cocaine(["deploy", await writeManifest(folder, "spooler.json", manifest)]);

  const left = () => readdirSync(spool).length - 2;
  const fell = (below: number) =>
    vi.waitFor(() => expect(left()).toBeLessThan(below), { timeout: 100_000, interval: 20 });
  let killed = 0;
  let most = 0;
  for (const [index, mark] of [9500, 8500, 7500, 6500, 5000, 3500, 2500, 1500, 800].entries()) {
    await fell(mark);
    most = Math.max(most, await peakMemory(node.pid));
    if (index % 3 === 2) {
      node.signal("SIGKILL");
      await node.ended;
      node = await start();
    } else {
      for (const { pid } of (await node.app("spooler")).pool.workers) {
        if (pid === undefined) continue;
        process.kill(pid, "SIGKILL");
        killed++;
      }
    }
  }
  await fell(1);

  const isBad = (name: string) => name.startsWith("bad");
  expect(readdirSync(join(spool, "failed")).sort()).toEqual(names.filter(isBad).sort());
  expect(readdirSync(join(spool, "done")).sort()).toEqual(names.filter((name) => !isBad(name)).sort());
  for (const name of readdirSync(join(spool, "done"))) {
    expect(readFileSync(join(spool, "done", name), "utf8")).toBe(name);
  }
  const { begun, ended } = readJournal(journal);
  expect([...begun.keys()].sort()).toEqual([...names].sort());
  expect([...ended.keys()].sort()).toEqual(names.filter((name) => !isBad(name)).sort());
  // Six runs, of which the kills may have hit some before they had written that they began.
  for (const name of names.filter(isBad)) expect(begun.get(name)).toBeGreaterThanOrEqual(4);
  expect((await node.app("spooler")).tasks.spool?.jobs.failures).not.toHaveProperty("COC_QUEUE_FULL");
  // Those that were running, or had just ended, when something was killed.
  const again = size(ended) - ended.size;
  expect(again).toBeLessThan(9 * 108);
  expect(node.log.filter(({ level }) => level === "error")).toEqual([]);
  expect(killed).toBeGreaterThan(0);
  expect(most).toBeLessThan(300 * 1024 * 1024);
});
