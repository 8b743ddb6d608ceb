import type { CommandLaunch, WorkerSpec } from "@cocaine/core/plugin";

export type Environment = Readonly<Record<string, string>>;

/** What a program needs to find others and to write UTF-8, and no more. */
export function cleanEnvironment(): Environment {
  return { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" };
}

/** Where a worker finds its engine. */
export interface Address {
  readonly app: string;
  readonly endpoint: string;
  readonly progress: string;
}

/** The environment of one worker (docs/worker-protocol.md); an app cannot overwrite the protocol's variables. */
export function workerEnvironment(
  base: Environment,
  user: Environment,
  launch: CommandLaunch,
  spec: WorkerSpec,
  to: Address,
) {
  return {
    ...base,
    ...user,
    ...launch.env,
    COCAINE_ENDPOINT: to.endpoint,
    COCAINE_IDENTITY: spec.identity,
    COCAINE_APP: to.app,
    COCAINE_HEARTBEAT: String(spec.heartbeat),
    COCAINE_CONCURRENCY: String(spec.concurrency),
    COCAINE_PROGRESS: to.progress,
  };
}
