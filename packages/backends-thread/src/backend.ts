import type { Backend, BackendContext, ModuleLaunch } from "@cocaine/core/plugin";
import { noAccount, noLimits, noModule, notOpen } from "./failure.ts";
import { neverStarted } from "./never-started.ts";
import type { ResourceLimits } from "./thread.ts";
import { ThreadWorker } from "./worker.ts";

export function createThreadBackend(resourceLimits: ResourceLimits, context: BackendContext): Backend {
  const { app, limits = {}, log, user } = context;
  const workers = new Set<ThreadWorker>();
  let state: "new" | "open" | "closed" = "new";

  return {
    async start() {
      if (user !== undefined) throw noAccount(app, user);
      const [limit] = Object.keys(limits);
      if (limit !== undefined) throw noLimits(app, limit);
      if (state === "new") state = "open";
    },

    spawn(launch, spec) {
      if (launch.kind !== "module") return neverStarted(noModule(launch.command));
      if (state !== "open") return neverStarted(notOpen(app));
      return begin(launch, spec);
    },

    async close() {
      state = "closed";
      await Promise.all([...workers].map((worker) => worker.stop()));
    },
  };

  function begin(launch: ModuleLaunch, spec: ConstructorParameters<typeof ThreadWorker>[0]["spec"]): ThreadWorker {
    const worker = new ThreadWorker({ launch, spec, resourceLimits, log });
    workers.add(worker);
    void worker.exited.then(() => workers.delete(worker));
    return worker;
  }
}
