import { Code, type CreditMessage, WINDOW, type WorkerMessage } from "@cocaine/core/plugin";
import type { Engine } from "./engine.ts";

/** Sends a request in chunks of 64 KiB, as fast as the worker gives credit, and its end. */
export async function upload(engine: Engine, job: number, bytes: number): Promise<void> {
  const chunk = new Uint8Array(65_536).fill(120);
  let window = WINDOW;
  for (let left = bytes; left > 0; left -= chunk.length) {
    while (window <= 0) window += (await credit(engine, job)).bytes;
    const part = chunk.subarray(0, Math.min(left, chunk.length));
    window -= part.length;
    engine.write(job, part, left <= chunk.length);
  }
}

function credit(engine: Engine, job: number): Promise<CreditMessage> {
  return engine.inbox.find(
    (message: WorkerMessage): message is CreditMessage => message.code === Code.CREDIT && message.job === job,
  );
}
