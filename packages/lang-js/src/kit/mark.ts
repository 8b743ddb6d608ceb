import { openSync, writeSync } from "node:fs";

/** Notes a job's number where it outlives this process, before the job begins (docs/worker-protocol.md). */
export type Mark = (job: number) => void;

/** @param path - the progress file. */
export function openMark(path: string): Mark {
  const file = openSync(path, "r+");
  const number = Buffer.alloc(4);
  return (job) => {
    number.writeUInt32BE(job);
    writeSync(file, number, 0, 4, 0);
  };
}
