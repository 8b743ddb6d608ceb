import { join } from "node:path";
import { runClient, size, windows } from "./support/client.mjs";
import { program } from "./support/compile.mjs";
import { compare, interleave, medians } from "./support/figures.mjs";
import { paths } from "./support/paths.mjs";

const subjects = {
  "C libzmq": [program("echo"), ["tcp://127.0.0.1:*"]],
  "zeromq addon": [process.execPath, [join(paths.bench, "peers/zeromq-addon.mjs")]],
  "@cocaine/zmtp": [process.execPath, [join(paths.bench, "peers/zmtp-router.mjs")]],
};

const targets = windows.flatMap((at) => [
  { ours: "@cocaine/zmtp", peer: "C libzmq", at },
  { ours: "@cocaine/zmtp", peer: "zeromq addon", at },
]);

/** ROUTER echoes with nothing behind them, side by side. */
export async function measureZmtp(programs, { rounds, quick }) {
  const endpoints = {};
  for (const [name, [command, args]] of Object.entries(subjects)) {
    endpoints[name] = await programs.start(command, args).firstLine();
  }
  let libzmq;
  const figures = await interleave({
    subjects: Object.keys(subjects),
    cases: windows,
    rounds,
    async measure(subject, window) {
      const result = await runClient(programs, endpoints[subject], window, { quick });
      libzmq = result.libzmq;
      return result.rate;
    },
  });
  return {
    title: `ROUTER echo over TCP, ${size} bytes`,
    unit: "messages a second",
    column: "in flight",
    libzmq,
    rounds,
    quick,
    figures: medians(figures),
    ratios: compare(figures, targets),
  };
}
