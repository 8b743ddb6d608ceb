import { defineBackend, z } from "@cocaine/core/plugin";
import { createProcessBackend } from "./backend.ts";
import { cleanEnvironment } from "./environment.ts";

/** What every worker of a host gets from it. */
export interface ProcessBackendOptions {
  /**
   * Environment that workers start from; the app's `env` and the variables of the worker protocol come on top.
   * Nothing of the host's own environment is passed on.
   *
   * @defaultValue `PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin` and `LANG=C.UTF-8`
   */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Makes the backend `process`: each worker a process in a session and group of its own, which speaks the worker
 * protocol over ZMTP 3.1 on a Unix socket.
 *
 * A worker that cannot be started exits with `COC_WORKER_START`; `start()` rejects with `COC_BACKEND_START`,
 * `COC_BACKEND_ACCOUNT` or `COC_BACKEND_LIMITS`.
 */
export function processBackend(options: ProcessBackendOptions = {}) {
  const env = options.env ?? cleanEnvironment();
  return defineBackend({
    name: "process",
    options: z.strictObject({}),
    create: (_options, context) => createProcessBackend(env, context),
  });
}
