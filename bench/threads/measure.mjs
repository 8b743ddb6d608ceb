import { availableParallelism } from "node:os";

/**
 * Keeps as many jobs under way as the first argument says, for as many as the second says, and prints jobs a second.
 *
 * @param echo - `(request, onEnd)`: runs a job, and tells how many bytes it answered with.
 */
export async function measure(echo) {
  const [window, jobs] = process.argv.slice(2).map(Number);
  const request = Buffer.alloc(100, availableParallelism());
  await round(jobs / 2);
  const start = performance.now();
  await round(jobs);
  console.log(Math.round(jobs / ((performance.now() - start) / 1000)));

  function round(count) {
    return new Promise((resolve, reject) => {
      let begun = 0;
      let ended = 0;
      const next = () => {
        begun += 1;
        echo(request, (bytes) => {
          if (bytes !== request.length) return reject(new Error(`an answer of ${bytes} bytes`));
          ended += 1;
          if (ended === count) resolve();
          else if (begun < count) next();
        });
      };
      while (begun < Math.min(window, count)) next();
    });
  }
}
