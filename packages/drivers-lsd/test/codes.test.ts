import { expect, test, vi } from "vitest";
import { connect } from "./support/lsd.ts";
import { serve } from "./support/serve.ts";

const soon = { timeout: 15_000, interval: 20 };
const failure = (uuid: string, code: number, error: string) => ({
  uuid,
  code,
  message: expect.stringMatching(new RegExp(`^${error}: `)),
});

test("code of the app that throws is 502", async () => {
  const { endpoint } = await serve();
  const client = connect(endpoint("fail"));
  client.ask("a");
  expect(await client.all()).toEqual([failure("a", 502, "COC_JOB_FAILED")]);
});

test("a failure after chunks comes after them", async () => {
  const { endpoint, info } = await serve();
  const client = connect(endpoint("half"));
  client.ask("a");
  expect(await client.all()).toEqual([{ uuid: "a", chunk: "half" }, failure("a", 502, "COC_JOB_FAILED")]);
  expect(info("half")).toMatchObject({ failures: 1, replies: 0, running: 0 });
});

test("a worker that is killed by SIGKILL is 502", async () => {
  const { endpoint } = await serve();
  const client = connect(endpoint("pid"));
  client.ask("a");
  const { chunk } = await client.next();
  process.kill(Number(chunk), "SIGKILL");
  expect(await client.next()).toEqual(failure("a", 502, "COC_WORKER_CRASHED"));
});

test("a worker that has to be killed for another job is 500", async () => {
  const { endpoint } = await serve({ engine: { concurrency: 2, "cancel-grace": 0.1 } });
  const sleeper = connect(endpoint("pid"));
  sleeper.ask("sleeper");
  expect(await sleeper.next()).toMatchObject({ uuid: "sleeper" });
  const hanging = connect(endpoint("hang"));
  hanging.ask("hanging", "", { timeout: 0.2 });
  expect(await hanging.all()).toEqual([failure("hanging", 504, "COC_DEADLINE")]);
  expect(await sleeper.next()).toEqual(failure("sleeper", 500, "COC_WORKER_KILLED"));
});

test("a queue that is full is 503, and so is an app that is going", async () => {
  const { endpoint, host } = await serve({ engine: { concurrency: 1, "queue-limit": 1, prefetch: 0 } });
  const client = connect(endpoint("sleep"));
  client.ask("runs", "700");
  await vi.waitFor(() => expect(host.app("app").tasks.sleep?.driver).toMatchObject({ running: 1 }), soon);
  await vi.waitFor(() => expect(host.app("app").queue.depth).toBe(0), soon);
  client.ask("waits", "0");
  client.ask("too many", "0");
  expect(await client.next()).toEqual(failure("too many", 503, "COC_QUEUE_FULL"));
  const closing = host.close({ deadline: 10_000 });
  client.ask("too late", "0");
  expect(await client.next()).toEqual(failure("too late", 503, "COC_SHUTDOWN"));
  expect(await client.all()).toEqual([
    { uuid: "runs", chunk: "slept" },
    { uuid: "runs", completed: true },
  ]);
  await closing;
});

test("the timeout of an envelope, or of the task, is 504", async () => {
  const { endpoint } = await serve({ task: { timeout: 0.4 } });
  const client = connect(endpoint("sleep"));
  client.ask("own", "60000", { timeout: 0.1 });
  expect(await client.next()).toEqual(failure("own", 504, "COC_DEADLINE"));
  client.ask("of the task", "60000", { timeout: 60 });
  expect(await client.next()).toEqual(failure("of the task", 504, "COC_DEADLINE"));
});

test("a job that does nothing for its stall-timeout is 504", async () => {
  const { endpoint } = await serve({ task: { "stall-timeout": 0.2 } });
  const client = connect(endpoint("sleep"));
  client.ask("a", "60000");
  expect(await client.next()).toEqual(failure("a", 504, "COC_STALLED"));
});

test("the deadline of an envelope is 520, while the job runs and when it has passed before", async () => {
  const { endpoint, journal } = await serve();
  const client = connect(endpoint("sleep"));
  client.ask("running", "60000", { deadline: Date.now() / 1000 + 0.3, timeout: 60 });
  expect(await client.next()).toEqual(failure("running", 520, "COC_DEADLINE"));
  const late = connect(endpoint("note"));
  late.ask("late", "x", { deadline: Date.now() / 1000 - 5 });
  expect(await late.next()).toEqual(failure("late", 520, "COC_DEADLINE"));
  expect(await journal()).toBe("");
});
