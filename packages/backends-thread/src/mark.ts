import { closeSync, readSync } from "node:fs";

/** A progress mark in a file. */
export interface Mark {
  read(): number;
  /** What was read last stays. */
  close(): void;
}

/** @param file descriptor, which is closed with the mark */
export function openMark(file: number): Mark {
  const bytes = Buffer.alloc(4);
  let open = true;

  function read(): number {
    if (open) readSync(file, bytes, 0, bytes.length, 0);
    return bytes.readUInt32BE();
  }

  return {
    read,
    close() {
      read();
      if (open) closeSync(file);
      open = false;
    },
  };
}
