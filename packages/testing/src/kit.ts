import assert from "node:assert/strict";
import type { Launch } from "@cocaine/core/plugin";
import { type KitWorker, startKitWorker } from "./kit-worker.ts";
import type { Test } from "./test.ts";
import { until, within } from "./until.ts";
import { bytesOf, type VectorExpectation, type VectorStep, workerProtocolVectors } from "./vectors.ts";

/** What a worker kit is tested with. */
export interface KitSuite {
  readonly test: Test;
  /** How to start a worker with the app of the README. */
  launch(): Promise<Launch>;
}

/** Tests that a worker kit speaks the worker protocol, by its vectors, over a real socket. */
export function testKit({ test, launch }: KitSuite): void {
  const { exchanges, heartbeat } = workerProtocolVectors;
  for (const { name, credit, steps } of exchanges) {
    test(`kit: ${name}`, async () => {
      const found = await launch();
      assert.ok(found.kind === "command", "a kit is tested in a process of its own");
      const worker = await startKitWorker(found, heartbeat, credit === "auto");
      try {
        for (const step of steps) await take(worker, step);
      } finally {
        await worker.close();
      }
    });
  }
}

async function take(worker: KitWorker, step: VectorStep): Promise<void> {
  if ("send" in step) worker.send(step.send.map(bytesOf));
  else if ("close" in step) await worker.disconnect();
  else await meet(worker, step.expect);
}

async function meet(worker: KitWorker, expected: VectorExpectation): Promise<void> {
  if ("answer" in expected) {
    const { job, is } = expected.answer;
    assert.equal(await ended(worker, job), "well");
    assert.ok(bytesOf(is).equals(Buffer.concat(worker.job(job).chunks)), `the answer of job ${job}`);
  } else if ("error" in expected) {
    const { job, message = "" } = expected.error;
    const end = await ended(worker, job);
    assert.ok(end !== "well" && end.message.includes(message), `job ${job} fails, with "${message}": ${inspect(end)}`);
  } else if ("end" in expected) {
    await ended(worker, expected.end.job);
  } else if ("credit" in expected) {
    const { job, atLeast } = expected.credit;
    await until(`job ${job} is given credit`, () => worker.job(job).credit >= atLeast);
  } else if ("stall" in expected) {
    await stalled(worker, expected.stall);
  } else if ("heartbeats" in expected) {
    await until("heartbeats come", () => worker.heartbeats() >= expected.heartbeats);
  } else {
    const status = await within("the worker exits", worker.exited);
    if (expected.exit !== "any") assert.equal(status, expected.exit, worker.stderr());
  }
}

function ended(worker: KitWorker, job: number) {
  return until(`job ${job} ends`, () => worker.job(job).end);
}

/** It has sent what it may, and then only heartbeats. */
async function stalled(worker: KitWorker, { job, from, to }: { job: number; from: number; to: number }): Promise<void> {
  await until("the window is used up", () => worker.job(job).bytes >= from);
  const before = worker.heartbeats();
  await until("heartbeats come", () => worker.heartbeats() >= before + 2);
  const { bytes, end } = worker.job(job);
  assert.ok(bytes <= to, `${bytes} bytes were sent with credit for ${from}`);
  assert.equal(end, undefined);
}

function inspect(end: "well" | { readonly message: string }): string {
  return end === "well" ? "it ended well" : end.message;
}
