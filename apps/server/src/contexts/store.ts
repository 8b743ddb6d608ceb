import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { createError, messageOf } from "@cocaine/core";
import { parse, stringify } from "yaml";
import { z } from "zod";

const nodeSchema = z.strictObject({
  endpoint: z.string().regex(/^(tcp|ipc):\/\/.+$/, "tcp://host:port or ipc:///path"),
  /** Fingerprint of the node's key. */
  pin: z.string().regex(/^[A-Za-z0-9_-]{43}$/, "a fingerprint, as `cocaine keys fingerprint` prints it on the node"),
});

/** A node that is trusted to be the one with this key. */
export type PinnedNode = z.infer<typeof nodeSchema>;

const contextSchema = z.strictObject({
  /** Absolute path of the file with the user's key. */
  key: z.string().min(1),
  /** Those that the user pinned. */
  nodes: z.array(nodeSchema).min(1),
  /** Those that a pinned node told of. */
  learned: z.array(nodeSchema).default([]),
});

/** A cluster, and the key for it. */
export type Context = z.infer<typeof contextSchema>;

/** Names of contexts. */
export const contextName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "letters, digits, '.', '_' and '-'");

const fileSchema = z.strictObject({
  current: z.string().default("local"),
  contexts: z.record(contextName, contextSchema).default({}),
});

/** All contexts, and the one that is in use. */
export type Contexts = z.infer<typeof fileSchema>;

/** The user's file of contexts, mode 0600. All of it throws `COC_CONTEXT_FILE`. */
export interface ContextFile {
  read(): Promise<Contexts>;
  write(contexts: Contexts): Promise<void>;
}

export function createContextFile(path: string): ContextFile {
  return {
    async read() {
      let text: string;
      try {
        text = await readFile(path, "utf8");
        const mode = (await stat(path)).mode & 0o777;
        // Whoever can change a pin can pass for the node.
        if ((mode & 0o022) !== 0)
          throw new Error(`others can change it (its mode is 0${mode.toString(8)}): chmod 600 ${path}`);
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === "ENOENT") return fileSchema.parse({});
        throw broken(path, messageOf(cause), cause);
      }
      try {
        return fileSchema.parse(parse(text));
      } catch (cause) {
        throw broken(path, cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause), cause);
      }
    },
    async write(contexts) {
      const temporary = `${path}.${process.pid}`;
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await writeFile(temporary, stringify(contexts), { mode: 0o600, flag: "wx" });
        await chmod(temporary, 0o600);
        await rename(temporary, path);
      } catch (cause) {
        await rm(temporary, { force: true });
        throw broken(path, messageOf(cause), cause);
      }
    },
  };
}

function broken(path: string, why: string, cause: unknown): Error {
  return createError("COC_CONTEXT_FILE", `the contexts of ${path} cannot be used: ${why}`, { cause });
}
