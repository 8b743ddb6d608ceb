import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { processBackend } from "@cocaine/backends-process";
import { createHost, createRegistry, silentLogger } from "@cocaine/core";
import { jsLanguages } from "@cocaine/lang-js";
import { filesStorage } from "@cocaine/storage-files";
import { expect, it, onTestFinished, vi } from "vitest";
import { cronDriver } from "../src/index.ts";

const clock = fileURLToPath(new URL("fixtures/clock.mjs", import.meta.url));
const EVERY_SECOND = "* * * * * *";

interface Tick {
  readonly scheduledFor: number;
  readonly missed: number;
}

async function openFolder() {
  const folder = await mkdtemp(join(tmpdir(), "coc-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  /** Starts a host on what the one before has stored; hears what runs of its app tell. */
  return async () => {
    const storage = filesStorage().create({ path: join(folder, "storage") }, { log: silentLogger() });
    const registry = createRegistry().use(jsLanguages()).use(processBackend()).use(cronDriver());
    const host = createHost({ registry, storage, runtimeDir: join(folder, "run") });
    onTestFinished(() => host.close({ deadline: 1000 }));
    const ticks: Tick[] = [];
    await host.start();
    const listen = () =>
      host.subscribe("clock", (envelope, body) => {
        if (envelope.startsWith("tick run ")) ticks.push(JSON.parse(String(body)));
      });
    return { host, ticks, listen };
  };
}

it("cron makes up for what was due while the server did not run", async () => {
  const open = await openFolder();
  const first = await open();
  const task = { type: "cron", schedule: EVERY_SECOND, missed: "once" };
  await first.host.deploy("clock", { type: "js", args: clock, tasks: { tick: task } });
  first.listen();
  await vi.waitFor(() => expect(first.ticks.length).toBeGreaterThan(1), { timeout: 15_000 });
  await first.host.close({ deadline: 1000 });
  const last = Math.max(...first.ticks.map(({ scheduledFor }) => scheduledFor));
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(last + 4000), { timeout: 10_000 });

  const second = await open();
  second.listen();
  await vi.waitFor(() => expect(second.ticks.length).toBeGreaterThan(1), { timeout: 15_000 });
  const made = second.ticks.find(({ missed }) => missed > 0) as Tick;
  expect(made.missed).toBeGreaterThanOrEqual(2);
  // It stands for all moments since the last one that was run.
  expect(made.scheduledFor - made.missed * 1000).toBeLessThanOrEqual(last + 2000);

  // Another app of that name has missed nothing.
  await second.host.remove("clock");
  await second.host.deploy("clock", { type: "js", args: clock, tasks: { tick: task } });
  const third: Tick[] = [];
  second.host.subscribe("clock", (envelope, body) => {
    if (envelope.startsWith("tick run ")) third.push(JSON.parse(String(body)));
  });
  await vi.waitFor(() => expect(third.length).toBeGreaterThan(0), { timeout: 15_000 });
  expect(third[0]?.missed).toBe(0);
}, 60_000);

it("cron cancels a run that goes on for too long, where the next replaces it", async () => {
  const { host } = await (await openFolder())();
  const task = { type: "cron", schedule: EVERY_SECOND, overlap: "replace" };
  await host.deploy("clock", { type: "js", args: clock, tasks: { long: task } });
  const told = () => host.app("clock").tasks.long;
  await vi.waitFor(() => expect(told()?.driver.replaced).toBeGreaterThanOrEqual(2), { timeout: 15_000 });
  expect(told()).toMatchObject({ driver: { failed: 0 }, jobs: { failed: 0 } });
  expect(host.app("clock").jobs.running).toBeLessThanOrEqual(2);
}, 30_000);
