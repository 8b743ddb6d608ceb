import { z } from "zod";
import { bytes } from "../manifest/bytes.ts";

const count = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);

/** What the system lets one worker process use, by the names that setrlimit(2) has for it. */
export const limitsSchema = z.strictObject({
  /** Bytes of address space. */
  as: bytes.optional(),
  /** Bytes of a core file; 0 is none. */
  core: bytes.optional(),
  /** Seconds of processor time in the life of a worker. */
  cpu: z.int().min(1).max(2_147_483).optional(),
  /** Bytes of private writable memory. */
  data: bytes.optional(),
  /** Bytes of a file that it writes. */
  fsize: bytes.optional(),
  /** Bytes that it may lock into memory. */
  memlock: bytes.optional(),
  /** Open files. */
  nofile: count.optional(),
  /** Processes and threads of its user, all workers and other programs together. */
  nproc: count.optional(),
  /** Bytes of stack. */
  stack: bytes.optional(),
});

/** Limits of a worker process: bytes, seconds and counts. */
export type Limits = Readonly<z.output<typeof limitsSchema>>;
