import { runClient, windows } from "./client.mjs";
import { compare, interleave, medians } from "./figures.mjs";

/**
 * Measures echoes with the client in C, side by side.
 *
 * @param endpoints - where each subject listens, by its name.
 * @param targets - see `compare()`.
 * @returns the benchmark's result, as it is printed and kept.
 */
export async function measureEchoes(programs, { title, endpoints, targets, rounds, quick }) {
  let libzmq;
  const figures = await interleave({
    subjects: Object.keys(endpoints),
    cases: windows,
    rounds,
    async measure(subject, window) {
      const result = await runClient(programs, endpoints[subject], window, { quick });
      libzmq = result.libzmq;
      return result.rate;
    },
  });
  return {
    title,
    unit: "messages a second",
    column: "in flight",
    libzmq,
    rounds,
    quick,
    figures: medians(figures),
    ratios: compare(figures, targets),
  };
}
