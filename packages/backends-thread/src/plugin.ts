import { defineBackend, z } from "@cocaine/core/plugin";
import { createThreadBackend } from "./backend.ts";
import type { ResourceLimits } from "./thread.ts";

/** What every worker of a host gets from it. */
export interface ThreadBackendOptions {
  /**
   * What each thread may use of memory (`resourceLimits` of Node's `worker_threads`, MiB). One that uses more ends with
   * an error; the process and its other threads live on.
   *
   * @defaultValue Node's own
   */
  readonly resourceLimits?: ResourceLimits;
}

/**
 * Makes the backend `thread`: each worker a thread of this process, which tinypool starts and which is then fed through
 * a MessagePort of its own.
 *
 * A worker that cannot be started exits with `COC_WORKER_START`; `start()` rejects with `COC_BACKEND_LIMITS` or
 * `COC_BACKEND_ACCOUNT` where the manifest asks for what only processes can have.
 */
export function threadBackend(options: ThreadBackendOptions = {}) {
  const { resourceLimits = {} } = options;
  return defineBackend({
    name: "thread",
    launches: "module",
    options: z.strictObject({}),
    create: (_options, context) => createThreadBackend(resourceLimits, context),
  });
}
