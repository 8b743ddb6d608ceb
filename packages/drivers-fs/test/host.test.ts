import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { processBackend } from "@cocaine/backends-process";
import { createHost, createRegistry } from "@cocaine/core";
import { jsLanguages } from "@cocaine/lang-js";
import { expect, it, onTestFinished, vi } from "vitest";
import { fsDriver } from "../src/index.ts";

const spooler = fileURLToPath(new URL("fixtures/spooler.mjs", import.meta.url));

it("fs runs the task of an app for each file, and loses none when the task is changed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "cocaine-spool-"));
  const path = join(folder, "in");
  await mkdir(path);
  const registry = createRegistry().use(jsLanguages()).use(processBackend()).use(fsDriver());
  const host = createHost({ registry, runtimeDir: join(folder, "run") });
  onTestFinished(async () => {
    await host.close({ deadline: 1000 });
    await rm(folder, { recursive: true, force: true });
  });
  await host.start();
  const deploy = (settle: number) =>
    host.deploy("spooler", {
      type: "js",
      args: spooler,
      engine: { "pool-limit": 1, "queue-limit": 2, concurrency: 1 },
      tasks: { spool: { type: "filesystem-monitor", path, settle } },
    });
  await deploy(1000);
  const texts: string[] = [];
  host.subscribe("spooler", (envelope, body) => {
    if (envelope.startsWith("spool text ")) texts.push(String(body));
  });
  const names = Array.from({ length: 40 }, (_, index) => `file ${index}`);
  for (const name of names) await writeFile(join(path, name), name);
  const settling = () => host.app("spooler").tasks.spool?.driver.settling;
  await vi.waitFor(() => expect(settling()).toBeGreaterThan(0), { interval: 5, timeout: 5000 });
  await deploy(50);
  await vi.waitFor(() => expect([...texts].sort()).toEqual([...names].sort()), { timeout: 15_000 });
  await writeFile(join(path, "last"), "last");
  await vi.waitFor(() => expect(texts).toHaveLength(41), { timeout: 15_000 });
});
