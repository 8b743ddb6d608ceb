import { type CocaineError, createError } from "@cocaine/core/plugin";

/** What a job fails with that is asked for while its task ends. */
export function closing(task: string): CocaineError {
  return createError("COC_SHUTDOWN", `task "${task}" is closing this endpoint: connect again, or to another node`);
}
