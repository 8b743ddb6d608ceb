import { fileURLToPath } from "node:url";
import { compare, interleave, medians } from "./support/figures.mjs";

const ours = "10,000 tasks of auto";
const bare = "10,000 intervals of Node";
const at = "every second";
const program = (name) => fileURLToPath(new URL(`timers/${name}.mjs`, import.meta.url));
const programs = { [ours]: program("ours"), [bare]: program("bare") };

/** What timers take of the processor: the driver alone, without the jobs that it triggers. */
export async function measureTimers({ run }, { rounds, quick }) {
  const seconds = quick ? 5 : 20;
  const figures = await interleave({
    subjects: Object.keys(programs),
    cases: [at],
    rounds,
    measure: async (subject) => Number(await run(process.execPath, [programs[subject], seconds])),
  });
  return {
    title: `10,000 timers for ${seconds} s`,
    unit: "CPU milliseconds",
    column: "",
    rounds,
    quick,
    figures: medians(figures),
    ratios: compare(figures, [{ ours, peer: bare, at, atMost: 1.5 }]),
  };
}
