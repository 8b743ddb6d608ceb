import type { ThreadPort } from "@cocaine/core/plugin";

/** Sends what the app's code writes to the engine at once: a thread's own streams end in those of the process. */
export function divertOutput(engine: ThreadPort): void {
  for (const stream of ["stdout", "stderr"] as const) {
    const write = (chunk: Uint8Array | string, encoding?: unknown, callback?: unknown): boolean => {
      const bytes =
        typeof chunk === "string"
          ? Buffer.from(chunk, typeof encoding === "string" ? (encoding as BufferEncoding) : "utf8")
          : chunk;
      engine.print(stream, bytes);
      const done = typeof encoding === "function" ? encoding : callback;
      if (typeof done === "function") process.nextTick(() => done());
      return true;
    };
    process[stream].write = write;
  }
}
