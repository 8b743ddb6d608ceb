import { setTimeout } from "node:timers/promises";

const chunk = Buffer.alloc(65_536, "x");

/** Answers with as many bytes as its environment says. */
export async function* download() {
  for (let left = Number(process.env.BYTES); left > 0; left -= chunk.length) yield chunk.subarray(0, left);
}

/** Stops for a while in the middle of the request, and answers how many bytes it had. */
export async function upload(_request, job) {
  let bytes = 0;
  let stalled = false;
  for await (const part of job.request) {
    bytes += part.length;
    if (stalled || bytes < Number(process.env.BYTES) / 10) continue;
    stalled = true;
    await setTimeout(Number(process.env.STALL));
  }
  return String(bytes);
}
