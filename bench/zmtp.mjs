import { join } from "node:path";
import { size, windows } from "./support/client.mjs";
import { program } from "./support/compile.mjs";
import { measureEchoes } from "./support/echoes.mjs";
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
  return measureEchoes(programs, { title: `ROUTER echo over TCP, ${size} bytes`, endpoints, targets, rounds, quick });
}
