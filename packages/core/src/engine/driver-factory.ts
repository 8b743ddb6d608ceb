import type { Claim, Claimant, Lease } from "../cluster/leases.ts";
import type { Driver, DriverContext, DriverState, JobHandle, JobRequest, ResponseSink } from "../contracts/driver.ts";
import type { TaskSpec } from "../manifest/manifest.ts";
import type { Feed } from "../observe/feed.ts";
import type { Logger } from "../observe/log.ts";
import { call, type Trigger } from "./call.ts";
import { LeasedDriver } from "./leased-driver.ts";
import { leasedTrigger } from "./leased-trigger.ts";
import { publish } from "./publish.ts";

/** Makes the driver of a task. */
export type MakeDriver = (spec: TaskSpec, signal: AbortSignal) => Driver;

/** What a task keeps over restarts, and the wish for its lease. */
export interface TaskKeeper {
  /** What its driver of this type keeps; under a lease, what the last holder's kept. */
  stateOf(task: string, type: string, lease: Lease | undefined): DriverState;
  /** Resolves when that is stored, or cannot be. */
  saved(task: string): Promise<void>;
  /** Claims the lease of a task; `undefined` where no other node could have it. */
  readonly claim: ((task: string, claimant: Claimant) => Claim) | undefined;
}

export interface DriverFactoryOptions {
  /** Name of the app. */
  readonly app: string;
  readonly log: Logger;
  readonly feed: Feed;
  readonly keeper: TaskKeeper;
  trigger(spec: TaskSpec, request: JobRequest, response: ResponseSink): JobHandle;
}

export function createDriverFactory({ app, log, feed, keeper, trigger }: DriverFactoryOptions): MakeDriver {
  function contextOf(spec: TaskSpec, signal: AbortSignal, lease: Lease | undefined): DriverContext {
    const { name } = spec;
    const plain: Trigger = (request, response) => trigger(spec, request, response);
    const own = lease === undefined ? plain : leasedTrigger(plain, lease, name);
    return {
      app,
      task: name,
      log: log.child({ task: name }),
      signal,
      trigger: own,
      call: (request) => call(own, request),
      publish: (request, cancelled, rest) => publish(own, request, { feed, task: name }, cancelled, rest),
      state: keeper.stateOf(name, spec.driver.name, lease),
      lease: lease && { term: lease.term },
    };
  }

  return (spec, signal) => {
    const make = (lease?: Lease): Driver => spec.driver.create(spec.options, contextOf(spec, signal, lease));
    const { claim } = keeper;
    if (spec.policy.cluster === "every" || claim === undefined) return make();
    return new LeasedDriver({
      log: log.child({ task: spec.name }),
      make,
      claim: (claimant) => claim(spec.name, claimant),
      saved: () => keeper.saved(spec.name),
    });
  };
}
