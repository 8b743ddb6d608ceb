import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { processBackend } from "@cocaine/backends-process";
import { createHost, createRegistry } from "@cocaine/core";
import { jsLanguages } from "@cocaine/lang-js";
import { expect, it, onTestFinished, vi } from "vitest";
import { autoDriver } from "../src/index.ts";

const clock = fileURLToPath(new URL("fixtures/clock.mjs", import.meta.url));

it("auto runs the task of an app, and its answers are on the app's feed", async () => {
  const runtimeDir = await mkdtemp(join(tmpdir(), "cocaine-timer-"));
  const registry = createRegistry().use(jsLanguages()).use(processBackend()).use(autoDriver());
  const host = createHost({ registry, runtimeDir });
  onTestFinished(async () => {
    await host.close({ deadline: 1000 });
    await rm(runtimeDir, { recursive: true, force: true });
  });
  await host.start();
  await host.deploy("clock", { type: "js", args: clock, tasks: { tick: { type: "timed+auto", interval: 50 } } });
  const missed: string[] = [];
  host.subscribe("clock", (envelope, body) => {
    if (envelope.startsWith("tick missed ")) missed.push(String(body));
  });
  await vi.waitFor(() => expect(missed.slice(0, 3)).toEqual(["0", "0", "0"]), { timeout: 15_000 });
  expect(host.app("clock").tasks.tick).toMatchObject({ type: "auto", driver: { interval: 50, failed: 0 } });
});
