import { program } from "./compile.mjs";

/** Bytes in a message. */
export const size = 100;

/** Messages in flight. */
export const windows = [1, 16, 256];

const messages = { 1: 6_000, 16: 60_000, 256: 300_000 };
const warmup = { 1: 500, 16: 5_000, 256: 20_000 };

/** Runs the client in C against an echo; resolves to what it prints: `{ messages, seconds, rate, libzmq }`. */
export async function runClient(programs, endpoint, window, { quick }) {
  const share = quick ? 4 : 1;
  const output = await programs.run(program("client"), [
    ...[endpoint, messages[window] / share, window, size, "--delimiter"],
    ...["--warmup", warmup[window] / share],
  ]);
  return JSON.parse(output);
}
