/**
 * An engine that is kept full: each job that ends is followed by a new one. Prints jobs a second.
 *
 *   node waiting.mjs <jobs that wait> <task> <jobs to measure>
 */
import { startEngine } from "./engine.mjs";

const [, , waiting, task, measured] = process.argv;
const chunk = Buffer.alloc(100);
const engine = await startEngine({ queueLimit: Number(waiting) + 10 });

let closing = false;
const response = {
  write: () => true,
  end: () => undefined,
  fail(error) {
    if (!closing) throw error;
  },
};
const add = () => engine.trigger(task, { chunk }, response);

// One is with the worker.
for (let index = 0; index <= Number(waiting); index += 1) add();
run(Number(measured) / 2);
const start = performance.now();
run(Number(measured));
console.log(Math.round(Number(measured) / ((performance.now() - start) / 1000)));
closing = true;
await engine.close();

function run(jobs) {
  for (let count = 0; count < jobs; count += 1) {
    engine.endOne();
    add();
  }
}
