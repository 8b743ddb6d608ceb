import { fileURLToPath } from "node:url";
import { windows } from "./support/client.mjs";
import { compare, interleave, medians } from "./support/figures.mjs";

const ours = "thread, js";
const tinypool = "tinypool run()";
const piscina = "piscina run()";
const program = (name) => fileURLToPath(new URL(`threads/${name}.mjs`, import.meta.url));
const programs = {
  [ours]: fileURLToPath(new URL("languages/rate.mjs", import.meta.url)),
  [tinypool]: program("tinypool"),
  [piscina]: program("piscina"),
};

const targets = [
  { ours, peer: tinypool, at: 256, target: 5 },
  { ours, peer: piscina, at: 256, target: 5 },
  ...[1, 16].flatMap((at) => [tinypool, piscina].map((peer) => ({ ours, peer, at }))),
];

/** Jobs of 100 bytes that one thread answers, with the queue before it; beside what pools of threads do. */
export async function measureThreads({ run }, { rounds, quick }) {
  const figures = await interleave({
    subjects: Object.keys(programs),
    cases: windows,
    rounds,
    measure: async (subject, window) => {
      const jobs = (window === 1 ? 10_000 : 60_000) * (quick ? 1 : 3);
      return Number(await run(process.execPath, [programs[subject], window, jobs, "js", "thread"]));
    },
  });
  return {
    title: "A job of 100 bytes in one thread of the same process, and back",
    unit: "jobs a second",
    column: "in flight",
    figures: medians(figures),
    ratios: compare(figures, targets),
  };
}
