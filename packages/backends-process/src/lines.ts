import { setImmediate } from "node:timers/promises";
import { LineBuffer } from "@cocaine/core/plugin";

/** Lines that are handed on in one turn of the loop: a flood must not starve the engine beside it. */
const LINES_A_TURN = 256;

/**
 * Reads a stream by lines until it ends. Holds at most one line: the stream is read only as fast as `onLine` takes
 * lines, and a writer that is faster waits in its pipe.
 */
export async function readLines(stream: AsyncIterable<Buffer>, onLine: (line: string) => void): Promise<void> {
  const line = new LineBuffer();
  let count = 0;
  for await (const chunk of stream) {
    for (const text of line.read(chunk)) {
      onLine(text);
      if (++count % LINES_A_TURN === 0) await setImmediate();
    }
  }
  if (!line.empty) onLine(line.take());
}
