import { setImmediate } from "node:timers/promises";
import { LineBuffer } from "./line-buffer.ts";

/** Lines that are handed on in one turn of the loop: a flood must not starve the engine beside it. */
const LINES_A_TURN = 256;
const NEWLINE = 10;

/**
 * Reads a stream by lines until it ends. Holds at most one line: the stream is read only as fast as `onLine` takes
 * lines, and a writer that is faster waits in its pipe.
 */
export async function readLines(stream: AsyncIterable<Buffer>, onLine: (line: string) => void): Promise<void> {
  const line = new LineBuffer();
  let count = 0;
  for await (const chunk of stream) {
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to !== -1; to = chunk.indexOf(NEWLINE, from)) {
      line.add(chunk.subarray(from, to));
      onLine(line.take());
      from = to + 1;
      if (++count % LINES_A_TURN === 0) await setImmediate();
    }
    if (from < chunk.length) line.add(chunk.subarray(from));
  }
  if (!line.empty) onLine(line.take());
}
