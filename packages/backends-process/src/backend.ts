import { chmod, chown, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  type Backend,
  type BackendContext,
  createError,
  type Exit,
  type Launch,
  messageOf,
  type WorkerLink,
  type WorkerSpec,
} from "@cocaine/core/plugin";
import type { Account } from "./account.ts";
import { type Bus, createBus } from "./bus.ts";
import { type Confinement, prepareConfinement } from "./confinement.ts";
import { type Environment, workerEnvironment } from "./environment.ts";
import { backendFailure, noCommand, notOpen, noWay, pathTooLong } from "./failure.ts";
import { makeFolder } from "./folder.ts";
import { removeLeftovers } from "./leftovers.ts";
import { createProgress } from "./progress.ts";
import { obstacleTo } from "./reach.ts";
import { createSweeper, type Sweeper } from "./sweeper.ts";
import { ProcessWorker } from "./worker.ts";

/** Bytes of a Unix socket's path: sun_path of unix(7) without its final zero. */
const SOCKET_PATH_LIMIT = 107;

interface Opened {
  readonly folder: string;
  readonly endpoint: string;
  readonly bus: Bus;
  readonly sweeper: Sweeper;
  readonly confinement: Confinement;
}

export function createProcessBackend(env: Environment, context: BackendContext): Backend {
  const { app, log, runtimeDir } = context;
  const workers = new Set<ProcessWorker>();
  let opening: Promise<Opened> | undefined;
  let opened: Opened | undefined;
  let closing: Promise<void> | undefined;

  return {
    async start() {
      opening ??= open();
      opened = await opening;
    },

    spawn(launch, spec) {
      if (launch.kind !== "command") return neverStarted(noCommand(launch.module));
      if (opened === undefined || closing !== undefined) return neverStarted(notOpen(app));
      try {
        return startWorker(opened, launch, spec);
      } catch (cause) {
        return neverStarted(
          createError(
            "COC_WORKER_START",
            `worker ${spec.identity} can have no progress file in ${opened.folder}: ${messageOf(cause)}`,
            { cause },
          ),
        );
      }
    },

    close() {
      closing ??= close();
      return closing;
    },
  };

  async function open(): Promise<Opened> {
    const confinement = await prepareConfinement(context, env);
    const folder = await prepareFolder();
    const path = join(folder, "bus");
    const bus = createBus((error) => log.warn({ err: error }, "a connection to the workers' bus was refused"));
    try {
      if (Buffer.byteLength(path) > SOCKET_PATH_LIMIT) throw pathTooLong(path, SOCKET_PATH_LIMIT);
      await bus.bind(`ipc://${path}`).catch((cause: unknown) => {
        throw backendFailure(folder, cause);
      });
      if (confinement.account !== undefined) await admit(confinement.account, folder, path);
    } catch (error) {
      await bus.close();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
    const endpoint = `ipc://${path}`;
    return { folder, endpoint, bus, sweeper: createSweeper(endpoint, log), confinement };
  }

  /** Lets the user of the workers, and nobody else, use the socket: the folder stays ours, so that nothing is put there. */
  async function admit(account: Account, folder: string, socket: string): Promise<void> {
    await chown(socket, account.uid, account.gid);
    await chmod(socket, 0o600);
    await chmod(folder, 0o711);
    const obstacle = obstacleTo(socket, account);
    if (obstacle !== undefined) throw noWay(account, obstacle);
  }

  async function prepareFolder(): Promise<string> {
    try {
      await removeLeftovers(runtimeDir, log);
      return await makeFolder(runtimeDir);
    } catch (cause) {
      throw backendFailure(runtimeDir, cause);
    }
  }

  function startWorker(
    { folder, endpoint, ...opened }: Opened,
    launch: Launch & { kind: "command" },
    spec: WorkerSpec,
  ) {
    const { confinement } = opened;
    const path = join(folder, `${spec.identity}.progress`);
    const progress = createProgress(path, confinement.account);
    const worker = new ProcessWorker({
      ...opened,
      launch,
      env: workerEnvironment(env, confinement.env, launch, spec, { app, endpoint, progress: path }),
      spec,
      progress,
      log,
    });
    workers.add(worker);
    void worker.exited.then(() => workers.delete(worker));
    return worker;
  }

  async function close(): Promise<void> {
    await Promise.all([...workers].map((worker) => worker.stop(0)));
    // A start that failed has told its caller, and left nothing.
    const last = await opening?.catch(() => undefined);
    if (last === undefined) return;
    await last.sweeper.idle();
    await last.bus.close();
    await rm(last.folder, { recursive: true, force: true });
  }
}

/** A worker that exited before it began. */
function neverStarted(error: Error): WorkerLink {
  const exit: Exit = { code: null, signal: null, error };
  return {
    pid: undefined,
    send: () => false,
    onMessage: () => undefined,
    onError: () => undefined,
    exited: Promise.resolve(exit),
    stop: () => Promise.resolve(),
    begun: () => undefined,
    output: () => [],
  };
}
