import { constants, copyFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { threadId } from "node:worker_threads";
import koffi, { type LibraryHandle } from "koffi";

/** The C interface of an app's library (cxx/include/cocaine/shared.hpp). Any call may throw. */
export interface Library {
  /** @returns the descriptor that rings, which belongs to the caller */
  open(heartbeat: number, concurrency: number): number;
  /** @returns descriptor of the file with the progress mark, which belongs to the caller, or -1 */
  progress(): number;
  feed(batch: ArrayBuffer): void;
  /** The messages that wait, if there are any. */
  take(): ArrayBuffer;
  /** What was printed; a view, until the next call. */
  takePrinted(stream: "stdout" | "stderr"): Uint8Array;
  /** After the end was rung for; no call may follow. Throws what went wrong in main(). */
  close(): void;
}

const SMALLEST = 65_536;

/**
 * Loads an app's library for one worker. The system loads a file once, so each worker gets a copy, with globals of its
 * own. It lies beside the original while it is loaded: from there the app's own libraries are looked for.
 */
export function loadLibrary(path: string): Library {
  const copy = join(dirname(path), `.${basename(path)}-${process.pid}-${threadId}`);
  copyFileSync(path, copy, constants.COPYFILE_FICLONE);
  try {
    return bind(koffi.load(copy));
  } finally {
    rmSync(copy);
  }
}

function bind(library: LibraryHandle): Library {
  const open = library.func("int32_t cocaine_open(double heartbeat, uint32_t concurrency)");
  const progress = library.func("int32_t cocaine_progress()");
  const feed = library.func("int32_t cocaine_feed(const uint8_t *bytes, size_t size)");
  const take = library.func("size_t cocaine_take(uint8_t *into, size_t room)");
  const takePrinted = library.func("size_t cocaine_take_printed(int32_t error, uint8_t *into, size_t room)");
  const close = library.func("int32_t cocaine_close()");
  const error = library.func("const char *cocaine_error()");
  let room = Buffer.allocUnsafeSlow(SMALLEST);

  /** Calls what fills the room, until that is large enough. */
  function fill(from: (into: Uint8Array, size: number) => number): Buffer {
    for (;;) {
      const size = from(room, room.length);
      if (size <= room.length) return room.subarray(0, size);
      room = Buffer.allocUnsafeSlow(size);
    }
  }

  function check(result: number): number {
    if (result === -1) throw new Error(error());
    return result;
  }

  return {
    open: (heartbeat, concurrency) => check(open(heartbeat, concurrency)),
    progress,
    feed: (batch) => void check(feed(new Uint8Array(batch), batch.byteLength)),
    take() {
      const { buffer, byteOffset, length } = fill(take);
      return buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer;
    },
    takePrinted: (stream) => fill((into, size) => takePrinted(stream === "stderr" ? 1 : 0, into, size)),
    close() {
      try {
        check(close());
      } finally {
        library.unload();
      }
    },
  };
}
