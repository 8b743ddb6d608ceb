import { createError, nearest } from "@cocaine/core";

import type { Context, ContextFile, Contexts } from "./store.ts";

/** The context of the node on the same machine, which is always there. */
export const LOCAL = "local";

/**
 * The context that a run of `cocaine` is for.
 *
 * @param named - that of the command line or the environment; else the one that is in use.
 * @returns `undefined`: the node on the same machine.
 * @throws `COC_CONTEXT_UNKNOWN`
 */
export function chooseContext({ current, contexts }: Contexts, named: string | undefined): Context | undefined {
  const name = named ?? current;
  return name === LOCAL ? undefined : findContext(contexts, name);
}

/** @throws `COC_CONTEXT_UNKNOWN` */
export function findContext(contexts: Contexts["contexts"], name: string): Context {
  const found = contexts[name];
  if (found !== undefined && Object.hasOwn(contexts, name)) return found;
  const names = [LOCAL, ...Object.keys(contexts)];
  const near = nearest(name, names);
  const hint = near === undefined ? "" : `, did you mean "${near}"?`;
  const message = `there is no context "${name}"${hint} (there are ${names.join(", ")}): add it with \`cocaine context add\``;
  throw createError("COC_CONTEXT_UNKNOWN", message);
}

/** Changes the file of contexts by what `change` makes of it. */
export async function changeContexts(file: ContextFile, change: (before: Contexts) => Contexts): Promise<void> {
  await file.write(change(await file.read()));
}
