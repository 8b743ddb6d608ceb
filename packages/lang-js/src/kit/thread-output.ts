import type { MessagePort } from "node:worker_threads";
import type { ThreadOutput } from "@cocaine/core/plugin";
import { awaitRoom } from "./waiting.ts";

/** Sends what the app's code writes to the engine at once: a thread's own streams end in those of the process. */
export function divertOutput(port: MessagePort, places: Int32Array): void {
  for (const stream of ["stdout", "stderr"] as const) {
    const write = (chunk: Uint8Array | string, encoding?: unknown, callback?: unknown): boolean => {
      const bytes =
        typeof chunk === "string"
          ? Buffer.from(chunk, typeof encoding === "string" ? (encoding as BufferEncoding) : "utf8")
          : chunk;
      awaitRoom(places, bytes.length);
      // A copy of its own: a view would be sent with all that lies behind it.
      port.postMessage({ stream, bytes: new Uint8Array(bytes) } satisfies ThreadOutput);
      const done = typeof encoding === "function" ? encoding : callback;
      if (typeof done === "function") process.nextTick(() => done());
      return true;
    };
    process[stream].write = write;
  }
}
