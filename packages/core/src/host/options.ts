import type { AdminFacts, NodeInfo } from "../cluster/node-info.ts";
import type { OpenCode } from "../contracts/code.ts";
import type { JobRequest } from "../contracts/driver.ts";
import type { OpenFeed } from "../contracts/feed.ts";
import type { Storage } from "../contracts/storage.ts";
import type { AppInfo, HostInfo } from "../info.ts";
import type { FeedListener } from "../observe/feed.ts";
import type { Logger } from "../observe/log.ts";
import type { StoredCrashReport } from "../records/crash-report.ts";
import type { DeadLetters } from "../records/dead-letters.ts";
import type { Registry } from "../registry.ts";

/** What a node tells the others of itself. */
export interface NodeOptions {
  /** Names the node in its cluster, also after a restart. @defaultValue the hostname */
  readonly id?: string | undefined;
  /** Host name or address under which other machines reach it. @defaultValue none: they use the hostname */
  readonly address?: string | undefined;
  /** Version of the program. @defaultValue none */
  readonly version?: string | undefined;
  /** Its endpoint of administration, as soon as there is one. */
  readonly admin?: (() => AdminFacts | undefined) | undefined;
}

export interface HostOptions {
  /** The plugins that manifests may name. */
  readonly registry: Registry;
  /** Folder for sockets and the like, absolute; made with mode 0711: workers of other users pass through it. Keep it short: Unix socket paths end at 107 bytes. */
  readonly runtimeDir: string;
  /**
   * Where deployed manifests are kept. Hosts that share one are the nodes of a cluster.
   * @defaultValue a storage in memory
   */
  readonly storage?: Storage;
  /** @defaultValue none: nothing is written */
  readonly log?: Logger;
  /** Opens the feeds that manifests ask for with `pubsub`. @defaultValue none: feeds are heard by `subscribe()` alone */
  readonly openFeed?: OpenFeed;
  /** Finds the code of manifests that name a bundle, `storage://<sha256>/…`. @defaultValue none: such manifests are not deployed */
  readonly openCode?: OpenCode;
  /** Name of this machine in feeds. @defaultValue the system's */
  readonly hostname?: string;
  /** What it is in its cluster. */
  readonly node?: NodeOptions;
  /**
   * Milliseconds that the lease of a task lasts which runs once in the cluster: after so long another node takes over
   * from one that is gone. The same on all nodes.
   * @defaultValue 15,000
   */
  readonly leaseTtl?: number;
}

export interface DeployOptions {
  /**
   * Write the manifest to the storage, so that the next start has it, and all nodes of the cluster. Without, the app is
   * this node's own matter.
   * @defaultValue true
   */
  readonly persist?: boolean;
  /** Wait until a worker is ready, so that code that cannot start fails the deploy. @defaultValue true */
  readonly probe?: boolean;
}

/** What is done on this node, and told to the others. */
export interface SpreadOptions {
  /** Write it to the storage, where the app is stored there: all nodes of the cluster do it. @defaultValue true */
  readonly persist?: boolean;
}

/** Runs apps: the engine of `cocained`, or of a service that embeds it. */
export interface Host {
  /**
   * Opens the storage, deploys what it holds, and follows it: what another node deploys, pauses or removes is done here
   * too. An app that cannot be deployed is told in log and `info()`, and harms no other.
   */
  start(): Promise<void>;
  /**
   * Runs an app, or a running one with a new manifest, without losing a request.
   *
   * @throws `COC_STARTING` before `start()` has opened the storage; `COC_MANIFEST` for a manifest that is not valid; `COC_DEPLOY` with its cause where the code or a driver
   * does not start, or the storage is away: a version that ran before goes on. Also `COC_DEPLOY` where the app runs and
   * could not be stored.
   */
  deploy(name: string, manifest: unknown, options?: DeployOptions): Promise<AppInfo>;
  /** Ends an app once its jobs have ended, and takes it out of the storage. @throws `COC_APP_UNKNOWN`, `COC_STORAGE_…` */
  remove(name: string, options?: SpreadOptions): Promise<void>;
  /** New workers, with the code as it is now; the old ones end their jobs. @throws as `deploy()` */
  restart(name: string, options?: SpreadOptions): Promise<AppInfo>;
  /** Stops an app's drivers; their sockets stay open. @throws `COC_APP_UNKNOWN`; `COC_STORAGE_…`: only this node did it */
  pause(name: string, options?: SpreadOptions): Promise<void>;
  /** @throws as `pause()` */
  resume(name: string, options?: SpreadOptions): Promise<void>;
  /** Runs a job and iterates over its response. @throws `COC_APP_UNKNOWN`, `COC_TASK_UNKNOWN`, or the job's error */
  call(
    app: string,
    task: string,
    request: Uint8Array | JobRequest,
    options?: { readonly signal?: AbortSignal },
  ): AsyncIterable<Uint8Array>;
  /** How workers of an app crashed, hung or had to be killed: the last 100, the oldest first. */
  crashReports(app: string): Promise<StoredCrashReport[]>;
  /** Jobs that failed for good, of tasks with `dead-letter`. */
  readonly deadLetters: DeadLetters;
  /** Hears the feed of an app in this process. @returns ends the subscription. */
  subscribe(app: string, listener: FeedListener): () => void;
  info(): HostInfo;
  app(name: string): AppInfo;
  /** The living nodes of the cluster, this one among them. @throws `COC_STORAGE_…` */
  nodes(): Promise<NodeInfo[]>;
  /**
   * Ends all apps and the storage. Jobs that are open have `deadline` milliseconds (30,000), then workers are killed.
   * A further call may bring the deadline forward.
   */
  close(options?: { readonly deadline?: number }): Promise<void>;
}
