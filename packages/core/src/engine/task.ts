import { TaskMetrics } from "../observe/metrics.ts";
import { DeadlineLane } from "./deadline-lane.ts";
import type { TaskPolicy } from "./policy.ts";

/** What the engine knows of a task while it runs its jobs. Lives on over a reload, so that its metrics do too. */
export interface Task {
  /** Name of the task, and the method that the worker runs. */
  readonly name: string;
  policy: TaskPolicy;
  readonly metrics: TaskMetrics;
  /** Its jobs that have deadlines, as far as those came in their order. */
  readonly deadlines: DeadlineLane;
}

export function createTask(name: string, policy: TaskPolicy): Task {
  return { name, policy, metrics: new TaskMetrics(), deadlines: new DeadlineLane() };
}
