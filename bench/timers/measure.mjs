import { setTimeout as delay } from "node:timers/promises";

const timers = 10_000;

/** Starts the timers, spread over a second as they come in life, and prints the CPU milliseconds that they took. */
export async function measure(start, runs) {
  const seconds = Number(process.argv[2]);
  for (let batch = 0; batch < 100; batch += 1) {
    for (let each = 0; each < timers / 100; each += 1) start();
    await delay(10);
  }
  await delay(1000);
  const before = { cpu: process.cpuUsage(), runs: runs() };
  await delay(seconds * 1000);
  const { user, system } = process.cpuUsage(before.cpu);
  const made = runs() - before.runs;
  if (made < timers * seconds * 0.95) throw new Error(`${made} runs in ${seconds} s`);
  console.log(Math.round((user + system) / 1000));
  process.exit();
}
