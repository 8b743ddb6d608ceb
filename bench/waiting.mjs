import { startEngine } from "./support/engine.mjs";
import { compare, interleave, medians } from "./support/figures.mjs";

const few = "10 waiting";
const many = "100,000 waiting";
const waiting = { [few]: 10, [many]: 100_000 };
const cases = ["free", "limited"];
const names = { free: "without a timeout", limited: "with a timeout" };

/** A job may cost a tenth more at the most. */
const target = 1 / 1.1;

/** What a job costs the engine while few wait, and while many do: each job that ends is followed by a new one. */
export async function measureWaiting(_programs, { rounds, quick }) {
  const jobs = quick ? 50_000 : 200_000;
  const engines = {};
  for (const [subject, count] of Object.entries(waiting)) engines[subject] = await startFull(count);
  try {
    const figures = await interleave({
      subjects: Object.keys(waiting),
      cases,
      rounds,
      measure: async (subject, task) => run(engines[subject][task], jobs),
    });
    const targets = cases.map((at) => ({ ours: many, peer: few, at, target }));
    const ratios = compare(figures, targets).map(({ at, ...each }) => ({ at: names[at], ...each }));
    return {
      title: "The engine alone, each job that ends followed by a new one",
      unit: "jobs a second",
      column: "",
      figures: rename(medians(figures)),
      ratios,
    };
  } finally {
    for (const full of Object.values(engines)) for (const { close } of Object.values(full)) await close();
  }
}

/** An engine for each task, so full of jobs. */
async function startFull(count) {
  const full = {};
  for (const task of cases) {
    const engine = await startEngine({ queueLimit: count + 10 });
    const chunk = Buffer.alloc(100);
    let closing = false;
    const fail = (error) => {
      if (!closing) throw error;
    };
    const response = { write: () => true, end: () => undefined, fail };
    const add = () => engine.trigger(task, { chunk }, response);
    // One is with the worker.
    for (let index = 0; index <= count; index += 1) add();
    const close = () => {
      closing = true;
      return engine.close();
    };
    full[task] = { engine, add, close };
  }
  return full;
}

function run({ engine, add }, jobs) {
  const start = performance.now();
  for (let count = 0; count < jobs; count += 1) {
    engine.endOne();
    add();
  }
  return jobs / ((performance.now() - start) / 1000);
}

function rename(figures) {
  const each = (lists) => Object.fromEntries(Object.entries(lists).map(([at, figure]) => [names[at], figure]));
  return Object.fromEntries(Object.entries(figures).map(([subject, lists]) => [subject, each(lists)]));
}
