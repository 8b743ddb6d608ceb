import { createError, messageOf } from "../errors.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { createTask } from "./task.ts";
import type { Version } from "./version.ts";

/**
 * Runs the task that the manifest names as `health` once, with an empty request, on the version's own pool. It has
 * `startup-timeout` for it, and is not counted among the task's jobs.
 *
 * @throws `COC_HEALTH` with the job's error as cause.
 */
export async function checkHealth({ manifest, pool }: Version, dispatcher: Dispatcher): Promise<void> {
  const { health, startupTimeout } = manifest.engine;
  const spec = manifest.tasks.find(({ name }) => name === health);
  if (spec === undefined) return;
  try {
    await dispatcher.probe(pool, createTask(spec.name, spec.policy), Date.now() + startupTimeout);
  } catch (cause) {
    throw createError("COC_HEALTH", `the health task "${spec.name}" failed: ${messageOf(cause)}`, { cause });
  }
}
