import { randomUUID } from "node:crypto";
import type { Lease } from "../cluster/leases.ts";
import type { JobHandle } from "../contracts/driver.ts";
import type { Trigger } from "./call.ts";
import { leaseLost } from "./errors.ts";

/**
 * Runs jobs while a lease is held, each told its term. It is looked at for each job: a process that was stopped, or a
 * machine that slept, goes on with what was due long ago before it hears of anything else.
 */
export function leasedTrigger(trigger: Trigger, lease: Lease, task: string): Trigger {
  return (request, response) => {
    if (lease.holds()) {
      return trigger({ ...request, metadata: { ...request.metadata, lease: { term: lease.term } } }, response);
    }
    const failing = setImmediate(() => response.fail(leaseLost(task)));
    return {
      id: randomUUID(),
      write: () => true,
      end: () => undefined,
      resume: () => undefined,
      cancel: () => clearImmediate(failing),
    } satisfies JobHandle;
  };
}
