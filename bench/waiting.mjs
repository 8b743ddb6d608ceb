import { fileURLToPath } from "node:url";
import { compare, interleave, medians } from "./support/figures.mjs";

const few = "10 waiting";
const many = "100,000 waiting";
const roomy = "100,000 waiting, roomy";
const program = fileURLToPath(new URL("support/waiting.mjs", import.meta.url));

/** `roomy` is how the README of the server says that one with such queues is run. */
const subjects = {
  [few]: { count: 10, flags: [] },
  [many]: { count: 100_000, flags: [] },
  [roomy]: { count: 100_000, flags: ["--max-semi-space-size=128"] },
};
const cases = ["free", "limited"];
const names = { free: "without a timeout", limited: "with a timeout" };

/** A job may cost a tenth more at the most. */
const target = 1 / 1.1;

/** What a job costs the engine while few wait, and while many do: each job that ends is followed by a new one. */
export async function measureWaiting(programs, { rounds, quick }) {
  const jobs = quick ? 300_000 : 1_000_000;
  const figures = await interleave({
    subjects: Object.keys(subjects),
    cases,
    rounds,
    async measure(subject, task) {
      const { count, flags } = subjects[subject];
      return Number(await programs.run(process.execPath, [...flags, program, count, task, jobs]));
    },
  });
  const ratios = [
    ...compare(
      figures,
      cases.map((at) => ({ ours: roomy, peer: few, at, target })),
    ),
    ...compare(
      figures,
      cases.map((at) => ({ ours: many, peer: few, at })),
    ),
  ];
  return {
    title: "The engine alone, each job that ends followed by a new one",
    unit: "jobs a second",
    column: "",
    figures: rename(medians(figures)),
    ratios: ratios.map(({ at, ...each }) => ({ at: names[at], ...each })),
  };
}

function rename(figures) {
  const each = (lists) => Object.fromEntries(Object.entries(lists).map(([at, figure]) => [names[at], figure]));
  return Object.fromEntries(Object.entries(figures).map(([subject, lists]) => [subject, each(lists)]));
}
