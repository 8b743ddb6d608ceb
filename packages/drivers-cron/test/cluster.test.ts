import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { processBackend } from "@cocaine/backends-process";
import { createHost, createRegistry, memoryStorage } from "@cocaine/core";
import { autoDriver, driftingTimerDriver } from "@cocaine/drivers-timer";
import { jsLanguages } from "@cocaine/lang-js";
import { expect, it, onTestFinished, vi } from "vitest";
import { cronDriver } from "../src/index.ts";

const clock = fileURLToPath(new URL("fixtures/clock.mjs", import.meta.url));

interface Run {
  readonly node: string;
  readonly task: string;
  readonly scheduledFor: number;
  readonly missed: number;
}

/** Nodes of one cluster, whose runs are heard. */
async function openCluster() {
  const folder = await mkdtemp(join(tmpdir(), "coc-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const shared = memoryStorage({ shared: true });
  const runs: Run[] = [];
  const open = async (node: string) => {
    const registry = createRegistry()
      .use(jsLanguages())
      .use(processBackend())
      .use([autoDriver(), driftingTimerDriver(), cronDriver()]);
    // A node that ends leaves the storage open to the others.
    const storage = { ...shared, close: async () => undefined };
    const host = createHost({ registry, storage, runtimeDir: join(folder, node), node: { id: node }, leaseTtl: 3000 });
    onTestFinished(() => host.close({ deadline: 1000 }));
    await host.start();
    return host;
  };
  const listen = (host: Awaited<ReturnType<typeof open>>, node: string) =>
    host.subscribe("clock", (envelope, body) => {
      const [task = "", tag] = envelope.split(" ");
      if (tag === "run") runs.push({ node, task, ...JSON.parse(String(body)) });
    });
  return { open, listen, runs, of: (task: string) => runs.filter((run) => run.task === task) };
}

it("what runs on a schedule goes on where the node before was, and leaves out nothing", async () => {
  const { open, listen, of } = await openCluster();
  const a = await open("a");
  const tasks = {
    tick: { type: "auto", interval: 1000, missed: "once" },
    drift: { type: "drifting-timer", interval: 1000 },
    cron: { type: "cron", schedule: "* * * * * *", missed: "all" },
  };
  await a.deploy("clock", { type: "js", args: clock, tasks });
  listen(a, "a");
  const b = await open("b");
  listen(b, "b");
  await vi.waitFor(() => expect(of("cron").length).toBeGreaterThan(3), { timeout: 15_000 });
  expect(of("cron").map(({ node }) => node)).not.toContain("b");
  await a.close({ deadline: 1000 });
  const later = (task: string) => of(task).filter(({ node }) => node === "b").length;
  await vi.waitFor(() => expect(["tick", "drift", "cron"].map(later).every((count) => count > 3)).toBe(true), {
    timeout: 15_000,
  });

  // Each second once, whichever node ran it.
  const seconds = of("cron").map(({ scheduledFor }) => scheduledFor);
  expect(seconds).toEqual(seconds.map((_, n) => (seconds[0] as number) + n * 1000));
  // The grid is the first node's; runs that were missed are told.
  const ticks = of("tick");
  for (const [n, { scheduledFor, missed }] of ticks.entries()) {
    if (n === 0) continue;
    const step = scheduledFor - (ticks[n - 1] as Run).scheduledFor;
    expect(Math.abs(step - (missed + 1) * 1000)).toBeLessThan(20);
  }
  const drifts = of("drift").map(({ scheduledFor }) => scheduledFor);
  for (const [n, at] of drifts.entries()) if (n > 0) expect(at - (drifts[n - 1] as number)).toBeGreaterThan(990);
}, 60_000);
