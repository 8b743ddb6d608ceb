import type { TaskPolicy } from "./policy.ts";

/** What the engine knows of a task while it runs its jobs. Lives on over a reload, so that its counts do too. */
export interface Task {
  /** Name of the task, and the method that the worker runs. */
  readonly name: string;
  policy: TaskPolicy;
  /** Jobs that ended well since the app was deployed. */
  done: number;
  /** Jobs that failed. */
  failed: number;
}

export function createTask(name: string, policy: TaskPolicy): Task {
  return { name, policy, done: 0, failed: 0 };
}
