import { constants, fstatSync, openSync, writeSync } from "node:fs";

/** Where lines are written at once. */
export interface Output {
  write(line: string): void;
}

/** Milliseconds that a reader who takes nothing may hold up who writes, before lines are lost. */
const PATIENCE = 100;
const NOTHING = Buffer.alloc(0);

/**
 * Writes lines to a file descriptor, each before `write()` returns. A line that cannot be written, since the disk is
 * full or the reader of a pipe is gone or stands still, is lost without harm to who writes it. When lines can be written
 * again, one says how many were lost, and why.
 *
 * @param notice - makes that line.
 */
export function createOutput(fd: number, notice: (lost: number, error: unknown) => string): Output {
  const file = unblocked(fd);
  const nap = new Int32Array(new SharedArrayBuffer(4));
  /** The end of a line whose beginning is written. */
  let rest: Buffer = NOTHING;
  let lost = 0;
  let failure: unknown;

  /** Writes what is due. `false`: it could not. */
  function flush(): boolean {
    // Who has waited in vain once does not wait again before something could be written.
    const until = lost > 0 ? 0 : performance.now() + PATIENCE;
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(file, rest));
      } catch (error) {
        failure = error;
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN" || performance.now() >= until) return false;
        Atomics.wait(nap, 0, 0, 1);
      }
    }
    return true;
  }

  /** Begins a line. `false`: nothing of it is written; else its end may still be due. */
  function begin(line: string): boolean {
    rest = Buffer.from(line);
    const { length } = rest;
    if (flush() || rest.length < length) return true;
    rest = NOTHING;
    return false;
  }

  /** Says what was lost before. `false`: not even that can be written. */
  function catchUp(): boolean {
    if (!flush()) return false;
    if (lost === 0) return true;
    if (!begin(notice(lost, failure))) return false;
    lost = 0;
    return rest.length === 0;
  }

  return {
    write(line) {
      if (!catchUp() || !begin(line)) lost++;
    },
  };
}

/**
 * A pipe is opened anew so that a write to it returns at once (fifo(7)); the flag is the open file's, which others may
 * share. A file must not be, since each opening has a position of its own.
 */
function unblocked(fd: number): number {
  try {
    if (!fstatSync(fd).isFIFO()) return fd;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // Without /proc, or a pipe whose reader is gone: its writes say so.
    return fd;
  }
}
