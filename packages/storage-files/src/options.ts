import { isAbsolute } from "node:path";
import { z } from "@cocaine/core/plugin";

/** Options of the storage `files`. */
export const filesOptions = z.strictObject({
  /** The folder; made with mode 0700 where it is not there. */
  path: z.string().refine(isAbsolute, "an absolute path"),
});

export type FilesOptions = z.output<typeof filesOptions>;
