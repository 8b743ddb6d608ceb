import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createLocalClient } from "@cocaine/admin";
import { clusterServers, createClient } from "@cocaine/client";
import { expect, it, onTestFinished, vi } from "vitest";
// By path: a server of MongoDB's protocol is for the tests of that package and this one.
import { startServer } from "../../../../packages/storage-mongo/test/support/server.mjs";
import { type RunningNode, startNode } from "../support/node.ts";
import { temporaryFolder } from "../support/temporary.ts";

const soon = { timeout: 30_000, interval: 50 };

/** Where a node tells of the cluster. */
const nodesOf = (node: RunningNode) => async () => {
  const client = createLocalClient({ path: join(node.runtimeDir, "control.sock") });
  await client.start();
  try {
    return await client.call("nodes", {});
  } finally {
    await client.close();
  }
};

it("calls on three nodes all end well while one is killed, one stopped, and one started again", async () => {
  const database = await startServer();
  onTestFinished(() => database.close());
  const start = (id: string) =>
    startNode({ storage: database.uri, args: ["--node-id", id, "--address", "127.0.0.1", "--lease-ttl", "3"] });
  const [a, b, c] = await Promise.all([start("a"), start("b"), start("c")]);
  const folder = await temporaryFolder();
  await writeFile(join(folder, "echo.js"), "export const echo = (request) => request;\n");
  await writeFile(
    join(folder, "echo.yaml"),
    'type: js\nargs: ./echo.js\ntasks:\n  echo: { type: server+zmq, endpoint: "tcp://*:0" }\n',
  );
  expect((await a.cocaine(["deploy", join(folder, "echo.yaml")])).stderr).toBe("");

  const servers = clusterServers({ sources: [b, a, c].map(nodesOf), interval: 200 });
  const client = createClient({ servers, silence: 1000 });
  onTestFinished(() => client.close());
  client.start();
  const endpoints = () => client.info()[0]?.endpoints.filter(({ state }) => state === "open").length;
  await client.request("echo", "echo", "x");
  await vi.waitFor(() => expect(endpoints()).toBe(3), soon);

  let asking = true;
  let done = 0;
  let slowest = 0;
  const callers = Array.from({ length: 16 }, async () => {
    while (asking) {
      const began = performance.now();
      const body = String(done);
      expect(String(await client.request("echo", "echo", body, { deadline: Date.now() + 20_000 }))).toBe(body);
      slowest = Math.max(slowest, performance.now() - began);
      done++;
    }
  });
  const more = async (count: number) => {
    const before = done;
    await vi.waitFor(() => expect(done).toBeGreaterThan(before + count), soon);
  };
  await more(500);
  a.signal("SIGKILL");
  await more(500);
  await vi.waitFor(() => expect(endpoints()).toBe(2), soon);
  c.signal("SIGSTOP");
  await vi.waitFor(() => expect(endpoints()).toBe(1), soon);
  await more(500);
  c.signal("SIGCONT");
  const again = await start("a");
  await vi.waitFor(() => expect(endpoints()).toBe(3), soon);
  await more(500);
  asking = false;
  await Promise.all(callers);
  const resent = client.info()[0]?.resent;
  console.log(`${done} calls, ${resent} sent again, the slowest ${Math.round(slowest)} ms`);
  expect(resent).toBeGreaterThan(0);
  expect((await again.app("echo")).jobs.done).toBeGreaterThan(0);
}, 120_000);
