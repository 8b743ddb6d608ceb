import fc from "fast-check";
import { expect, it } from "vitest";
import { Code } from "../../src/plugin.ts";
import {
  type Behaviour,
  manifestOf,
  type Scripted,
  type ScriptedWorker,
  scripted,
  textOf,
} from "../support/scripted.ts";

const LIMIT = 3;
const CONCURRENCY = 2;

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("trigger" as const), at: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("answer" as const), at: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crash" as const), at: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("retire" as const), at: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.constant({ do: "reload" as const, at: 0 }) },
  { weight: 2, arbitrary: fc.constant({ do: "wait" as const, at: 0 }) },
);

/** What a pool is known to have, by the messages that its workers got and sent. */
class Model {
  readonly workers = new Map<ScriptedWorker, { jobs: Map<number, string>; alive: boolean; taking: boolean }>();
  /** How often each job was sent to a worker. */
  readonly sent = new Map<string, number>();

  of(worker: ScriptedWorker) {
    const known = this.workers.get(worker) ?? { jobs: new Map<number, string>(), alive: true, taking: true };
    this.workers.set(worker, known);
    return known;
  }

  alive() {
    return [...this.workers].filter(([, { alive }]) => alive);
  }

  busy() {
    return this.alive().flatMap(([worker, { jobs }]) => [...jobs.keys()].map((job) => ({ worker, job })));
  }
}

it("a pool keeps its bounds, leaves no worker idle while jobs wait, and ends every job once", {
  timeout: 60_000,
}, async () => {
  const plan = fc.record({
    steps: fc.array(step, { maxLength: 60, size: "max" }),
    retried: fc.boolean(),
    recycled: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(plan, async ({ steps, retried, recycled }) => {
      const model = new Model();
      const behave: Behaviour = (worker, message) => {
        if (message.code === Code.TERMINATE) finishIfDone(worker);
      };
      const finishIfDone = (worker: ScriptedWorker) => {
        const known = model.of(worker);
        known.taking = false;
        if (known.jobs.size > 0 || !known.alive) return;
        known.alive = false;
        worker.exit({ code: 0 });
      };
      const app = await scripted((worker) => {
        watch(worker, model);
        worker.hello();
      }, behave);
      try {
        await drive(app, model, { steps, retried, recycled }, finishIfDone);
      } finally {
        await app.close();
      }
    }),
    { numRuns: 60 },
  );
});

/** Hears what a worker is sent the moment it is sent. */
function watch(worker: ScriptedWorker, model: Model): void {
  const known = model.of(worker);
  const { messages } = worker;
  messages.push = (...added) => {
    for (const message of added) {
      if (message.code !== Code.INVOKE) continue;
      const { id } = JSON.parse(message.metadata) as { id: string };
      expect(known.taking, "a worker that was told to end gets no more jobs").toBe(true);
      const elsewhere = model.alive().some(([, { jobs }]) => [...jobs.values()].includes(id));
      expect(elsewhere, "a job is on one worker at a time").toBe(false);
      known.jobs.set(message.job, id);
      model.sent.set(id, (model.sent.get(id) ?? 0) + 1);
      expect(known.jobs.size).toBeLessThanOrEqual(CONCURRENCY);
    }
    return Array.prototype.push.apply(messages, added);
  };
}

interface Plan {
  readonly steps: readonly { readonly do: string; readonly at: number }[];
  readonly retried: boolean;
  readonly recycled: boolean;
}

async function drive(
  app: Scripted,
  model: Model,
  { steps, retried, recycled }: Plan,
  finishIfDone: (worker: ScriptedWorker) => void,
) {
  const engine = {
    "pool-limit": LIMIT,
    concurrency: CONCURRENCY,
    "queue-limit": 1000,
    "spawn-delay": 0.001,
    // Workers that die before a job ended would count as failed starts.
    "start-attempts": 1000,
    ...(recycled && { recycle: { jobs: 3, jitter: 1 } }),
  };
  const manifest = manifestOf(engine, retried ? { retries: { attempts: 1000 } } : {});
  await app.host.deploy("app", manifest);
  const outcomes: Promise<string>[] = [];
  const outcome = () => textOf(app.host.call("app", "event", Buffer.from(""))).catch(({ code }) => String(code));
  const answer = (worker: ScriptedWorker, job: number) => {
    const known = model.of(worker);
    known.jobs.delete(job);
    worker.answer(job, "done");
    if (!known.taking) finishIfDone(worker);
  };
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  let crashed = 0;

  for (const { do: what, at } of steps) {
    const alive = model.alive();
    const busy = model.busy();
    const chosen = alive[at % Math.max(1, alive.length)];
    if (what === "trigger") for (let count = 0; count < at; count++) outcomes.push(outcome());
    if (what === "answer" && busy.length > 0) {
      const { worker, job } = busy[at % busy.length] as { worker: ScriptedWorker; job: number };
      answer(worker, job);
    }
    if (what === "crash" && chosen !== undefined) {
      const [worker, known] = chosen;
      crashed += known.jobs.size;
      known.alive = false;
      worker.exit({ signal: "SIGKILL" });
    }
    if (what === "retire" && chosen?.[1].taking) chosen[0].say({ code: Code.RETIRE, reason: "tired" });
    if (what === "reload") await app.host.restart("app");
    if (what === "wait") await new Promise((resolve) => setTimeout(resolve, 3));
    for (let count = 0; count < 3; count++) await turn();
    const { pool, queue } = app.host.app("app");
    const current = pool.states.starting + pool.states.ready;
    // A reload has a pool beside the one that drains; recycling one worker more.
    expect(current).toBeLessThanOrEqual(LIMIT + (recycled ? 1 : 0));
    const room = pool.workers.some(({ state, jobs }) => state === "ready" && jobs < CONCURRENCY);
    if (room) expect(queue.depth).toBe(0);
  }

  const settled = Promise.all(outcomes);
  let over = false;
  void settled.then(() => (over = true));
  while (!over) {
    for (const { worker, job } of model.busy()) answer(worker, job);
    await turn();
  }
  const results = await settled;
  const failed = results.filter((result) => result !== "done");
  expect(new Set(failed).size).toBeLessThanOrEqual(1);
  expect(failed.length).toBe(retried ? 0 : crashed);
  if (!retried) expect([...model.sent.values()].every((times) => times === 1)).toBe(true);
  expect(app.host.app("app").jobs).toMatchObject({
    running: 0,
    done: results.length - failed.length,
    failed: failed.length,
  });
}
