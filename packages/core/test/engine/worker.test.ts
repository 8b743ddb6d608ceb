import { describe, expect, it, vi } from "vitest";
import type { Exit, WorkerLink } from "../../src/contracts/backend.ts";
import { Job } from "../../src/engine/job.ts";
import { engineSchema, taskPolicySchema } from "../../src/engine/policy.ts";
import { createTask } from "../../src/engine/task.ts";
import { Worker, type WorkerState } from "../../src/engine/worker.ts";
import { silentLogger } from "../../src/index.ts";
import { Code, type WorkerMessage } from "../../src/plugin.ts";

const task = createTask("event", taskPolicySchema.parse({}));
const sink = { write: () => true, end: () => undefined, fail: () => undefined };

/** A worker whose far side does nothing by itself. */
function workerOf(engine: Record<string, unknown> = {}) {
  let say: (message: WorkerMessage) => void = () => undefined;
  let breakIt: (error: Error) => void = () => undefined;
  let exit: (exit: Exit) => void = () => undefined;
  const stops: number[] = [];
  const link: WorkerLink = {
    pid: 1,
    send: () => true,
    onMessage: (handler) => {
      say = handler;
    },
    onError: (handler) => {
      breakIt = handler;
    },
    exited: new Promise((resolve) => {
      exit = resolve;
    }),
    stop: async (grace) => void stops.push(grace),
    begun: () => undefined,
    output: () => [],
  };
  const ends: string[] = [];
  const worker = new Worker({
    id: "w",
    link,
    policy: engineSchema.parse({ "startup-timeout": 60, ...engine }),
    concurrency: 2,
    lifetime: Number.POSITIVE_INFINITY,
    owner: {
      ready: () => undefined,
      ended: () => undefined,
      retired: () => undefined,
      gone: (_, { error }) => void ends.push(error.code),
    },
    log: silentLogger(),
  });
  const run = () => worker.run(new Job({ idPrefix: "job-", cancelled: () => undefined }, 1, task, {}, sink, 0), 0);
  return {
    worker,
    stops,
    ends,
    hello: () =>
      say({ code: Code.HELLO, hello: { protocol: 1, pid: 1, language: "any", kit: "test", progress: false } }),
    run,
    answer: (job = 1) => say({ code: Code.CHOKE, job }),
    askToRetire: () => say({ code: Code.RETIRE, reason: "tired" }),
    breakProtocol: () => breakIt(new Error("what?")),
    exit: async (code = 1) => {
      exit({ code, signal: null });
      await Promise.resolve();
      await Promise.resolve();
    },
  };
}

type Subject = ReturnType<typeof workerOf>;

/** Ways into each state. */
const into: Record<WorkerState, (subject: Subject) => void | Promise<void>> = {
  starting: () => undefined,
  ready: ({ hello }) => hello(),
  retiring: ({ hello, run, worker }) => {
    hello();
    run();
    worker.retire("test");
  },
  stopping: ({ worker }) => worker.retire("test"),
  gone: ({ exit }) => exit(),
};

/** Everything that may happen to a worker, and where it leads from each state. */
const events: Record<
  string,
  { do(subject: Subject): void | Promise<void>; to: Partial<Record<WorkerState, WorkerState>> }
> = {
  "it says HELLO": { do: ({ hello }) => hello(), to: { starting: "ready", ready: "stopping", retiring: "stopping" } },
  "it is given a job and ends it": {
    do: ({ run, answer, worker }) => {
      if (worker.state === "ready") run();
      if (worker.load > 0) answer();
    },
    to: { retiring: "stopping" },
  },
  "it asks to be replaced while it has a job": {
    do: ({ run, askToRetire, worker }) => {
      if (worker.state === "ready") run();
      askToRetire();
    },
    to: { starting: "stopping", ready: "retiring" },
  },
  "it is retired while it has nothing to do": {
    do: ({ worker }) => worker.retire("test"),
    to: { starting: "stopping", ready: "stopping" },
  },
  "it is killed": {
    do: ({ worker }) => worker.kill(Object.assign(new Error("test"), { code: "COC_WORKER_KILLED" }) as never),
    to: { starting: "stopping", ready: "stopping", retiring: "stopping" },
  },
  "it breaks the protocol": {
    do: ({ breakProtocol }) => breakProtocol(),
    to: { starting: "stopping", ready: "stopping", retiring: "stopping" },
  },
  "it is silent for too long": {
    do: ({ worker }) => {
      worker.checkPulse(performance.now());
      worker.checkPulse(performance.now() + 1e9);
    },
    to: { ready: "stopping", retiring: "stopping" },
  },
  "it exits": {
    do: ({ exit }) => exit(),
    to: { starting: "gone", ready: "gone", retiring: "gone", stopping: "gone" },
  },
};

const states = Object.keys(into) as WorkerState[];
const table = states.flatMap((from) =>
  Object.entries(events).map(([what, { to }]) => ({ from, what, to: to[from] ?? from })),
);

describe("a worker", () => {
  it.each(table)("that is $from, when $what, is $to", async ({ from, what, to }) => {
    const subject = workerOf();
    await into[from](subject);
    expect(subject.worker.state).toBe(from);
    await events[what]?.do(subject);
    expect(subject.worker.state).toBe(to);
    await subject.exit();
    expect(subject.worker.state).toBe("gone");
    expect(subject.ends).toHaveLength(1);
  });

  it("that is starting for longer than startup-timeout is stopping", async () => {
    const subject = workerOf({ "startup-timeout": 0.01 });
    await vi.waitFor(() => expect(subject.worker.state).toBe("stopping"));
    await subject.exit();
    expect(subject.ends).toEqual(["COC_WORKER_START"]);
  });

  it("that was told to exit and does not is ended after termination-grace", async () => {
    const subject = workerOf({ "termination-grace": 0.01 });
    subject.hello();
    subject.worker.retire("test");
    expect(subject.stops).toEqual([]);
    await vi.waitFor(() => expect(subject.stops).toEqual([10]));
    await subject.exit(0);
    expect(subject.worker.wasAsked).toBe(true);
  });
});
