import { createLsdClient, type LsdClient } from "@cocaine/client";
import { isCocaineError } from "@cocaine/core";
import { expect, onTestFinished, test, vi } from "vitest";
import { appManifest, writeManifest } from "../support/manifest.ts";
import { type RunningNode, startNode } from "../support/node.ts";
import { soon } from "../support/soon.ts";
import { temporaryFolder } from "../support/temporary.ts";

const DEADLINE = 10_000;

/** Nodes that serve the same task over LSD, and a client of them all. */
async function startNodes(count: number, engine: Readonly<Record<string, unknown>> = {}) {
  const folder = await temporaryFolder();
  const task = { type: "server+lsd", endpoint: "tcp://127.0.0.1:0" };
  const manifest = await writeManifest(folder, "app.json", appManifest({ engine, tasks: { slow: task } }));
  const nodes = await Promise.all(Array.from({ length: count }, () => startNode()));
  for (const node of nodes) expect(await node.cocaine(["deploy", manifest])).toMatchObject({ code: 0 });
  const endpoints = await Promise.all(nodes.map((node) => node.endpoint("app", "slow")));
  const client = createLsdClient({ endpoints });
  onTestFinished(() => client.close());
  client.start();
  await vi.waitFor(() => expect(client.info().endpoints.every(({ state }) => state === "open")).toBe(true), soon);
  return { nodes, client };
}

interface Load {
  /** How each call ended: its text, or the code of its error. */
  readonly outcomes: string[];
  /** The longest that a call took, in milliseconds. */
  slowest: number;
}

/** Calls `count` times, `width` at once. */
async function call(client: LsdClient, count: number, width: number, onEnd: (ended: number) => void): Promise<Load> {
  const load: Load = { outcomes: [], slowest: 0 };
  let left = count;
  const caller = async () => {
    while (left-- > 0) {
      const begun = performance.now();
      load.outcomes.push(await outcome(client));
      load.slowest = Math.max(load.slowest, performance.now() - begun);
      onEnd(load.outcomes.length);
    }
  };
  await Promise.all(Array.from({ length: width }, caller));
  return load;
}

async function outcome(client: LsdClient): Promise<string> {
  try {
    let text = "";
    for await (const chunk of client.call("3", { deadline: Date.now() + DEADLINE })) text += Buffer.from(chunk);
    return text;
  } catch (error) {
    if (isCocaineError(error)) return error.code;
    throw error;
  }
}

const kill = (node: RunningNode | undefined) => node?.signal("SIGKILL");

test("one of three nodes is killed under load: each call ends once, well, and within its deadline", async () => {
  const { nodes, client } = await startNodes(3, { concurrency: 16, "pool-limit": 1 });
  const load = await call(client, 3000, 48, (ended) => {
    if (ended === 1000) kill(nodes[1]);
  });
  expect(load.outcomes.length).toBe(3000);
  expect(new Set(load.outcomes)).toEqual(new Set(["slow, but whole"]));
  expect(load.slowest).toBeLessThan(DEADLINE);
  const { open, resent, endpoints } = client.info();
  expect({ open, down: endpoints.filter(({ state }) => state === "down").length }).toEqual({ open: 0, down: 1 });
  expect(resent).toBeGreaterThan(0);
});

test("two nodes with queues too short for the load: what is refused is sent again, and served", async () => {
  const { client } = await startNodes(2, { concurrency: 4, "pool-limit": 1, "queue-limit": 4 });
  const load = await call(client, 600, 24, () => undefined);
  expect(new Set(load.outcomes)).toEqual(new Set(["slow, but whole"]));
  expect(client.info().resent).toBeGreaterThan(0);
});

test("a node that is stopped under load is left, and taken again when it goes on", async () => {
  const { nodes, client } = await startNodes(2, { concurrency: 16, "pool-limit": 1 });
  const load = call(client, 4000, 32, (ended) => {
    if (ended === 500) nodes[0]?.signal("SIGSTOP");
  });
  await vi.waitFor(() => expect(client.info().endpoints[0]?.state).toBe("down"), soon);
  nodes[0]?.signal("SIGCONT");
  await vi.waitFor(() => expect(client.info().endpoints[0]?.state).toBe("open"), soon);
  const { outcomes, slowest } = await load;
  expect(new Set(outcomes)).toEqual(new Set(["slow, but whole"]));
  expect(slowest).toBeLessThan(DEADLINE);
});
