import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { processBackend } from "@cocaine/backends-process";
import { createHost, createRegistry, type Host, memoryStorage } from "@cocaine/core";
import { lsdServerDriver } from "@cocaine/drivers-lsd";
import { zmqServerDriver } from "@cocaine/drivers-zmq";
import { jsLanguages } from "@cocaine/lang-js";
import { expect, onTestFinished, vi } from "vitest";
import { soon } from "./servers.ts";

/** Path of an app's code. */
export const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

/** Starts the nodes of a cluster, each with a worker of the app `shop`, which does one job at a time. */
export async function startHosts(
  ids: readonly string[],
  code: string,
  tasks: Readonly<Record<string, unknown>>,
  limits: Readonly<Record<string, unknown>> = { "queue-limit": 1000 },
): Promise<Host[]> {
  const folder = await mkdtemp(join(tmpdir(), "coc-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const shared = memoryStorage({ shared: true });
  const hosts: Host[] = [];
  for (const id of ids) {
    const registry = createRegistry()
      .use(jsLanguages())
      .use(processBackend())
      .use([zmqServerDriver(), lsdServerDriver()]);
    const storage = { ...shared, close: async () => undefined };
    const host = createHost({ registry, storage, runtimeDir: join(folder, id), node: { id }, leaseTtl: 3000 });
    onTestFinished(() => host.close({ deadline: 1000 }));
    await host.start();
    hosts.push(host);
  }
  const engine = { concurrency: 1, prefetch: 0, "pool-limit": 1, "pool-min": 1, ...limits };
  await hosts[0]?.deploy("shop", { type: "js", args: code, env: {}, engine, tasks });
  await vi.waitFor(() => {
    for (const host of hosts) expect(host.app("shop").pool.states.ready).toBe(1);
  }, soon);
  return hosts;
}
