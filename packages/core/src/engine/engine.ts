import { randomBytes } from "node:crypto";
import type { OpenCode } from "../contracts/code.ts";
import type { JobHandle, JobRequest, ResponseSink } from "../contracts/driver.ts";
import type { FeedSocket, OpenFeed } from "../contracts/feed.ts";
import { type CocaineError, createError, messageOf } from "../errors.ts";
import type { AppInfo, AppState } from "../info.ts";
import type { Manifest, TaskSpec } from "../manifest/manifest.ts";
import { createFeed, type Feed } from "../observe/feed.ts";
import type { Logger } from "../observe/log.ts";
import { toMicroseconds } from "../observe/microseconds.ts";
import { PoolMetrics } from "../observe/pool-metrics.ts";
import type { CrashReport } from "../records/crash-report.ts";
import type { DeadLetter } from "../records/dead-letter.ts";
import type { Registry } from "../registry.ts";
import { describeApp } from "./app-info.ts";
import { call } from "./call.ts";
import { createCountdown } from "./countdown.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { DispatcherOwner } from "./dispatcher-owner.ts";
import { createDriverFactory, type TaskKeeper } from "./driver-factory.ts";
import { Drivers } from "./drivers.ts";
import { appPaused, shuttingDown } from "./errors.ts";
import { checkHealth } from "./health.ts";
import type { Job } from "./job.ts";
import type { Pool } from "./pool.ts";
import type { PoolEvent } from "./pool-owner.ts";
import { createTask, type Task } from "./task.ts";
import { createVersion, type Version, type VersionOptions } from "./version.ts";

export interface EngineOptions {
  readonly name: string;
  readonly registry: Registry;
  readonly log: Logger;
  readonly hostname: string;
  /** Folder of the app's sockets. */
  readonly runtimeDir: string;
  readonly openFeed: OpenFeed | undefined;
  readonly openCode: OpenCode | undefined;
  readonly keeper: TaskKeeper;
  readonly onCrash: (report: CrashReport) => void;
  readonly onDeadLetter: (letter: DeadLetter) => void;
}

/** Queue, pool and drivers of one app. */
export class Engine implements DispatcherOwner {
  readonly feed: Feed;
  readonly #options: EngineOptions;
  readonly #log: Logger;
  readonly #dispatcher: Dispatcher;
  readonly #drivers: Drivers;
  readonly #tasks = new Map<string, Task>();
  readonly #poolMetrics = new PoolMetrics();
  readonly #id = randomBytes(4).toString("hex");
  readonly #startedAt = performance.now();
  /** That of a version which is not up yet. */
  #coming: Pool | undefined;
  /** Pools of earlier versions that still end their jobs. */
  readonly #draining = new Set<Pool>();
  #state: AppState = "starting";
  #failure: CocaineError | undefined;
  #version: Version | undefined;
  #versions = 0;
  readonly #countdown = createCountdown();
  readonly #interrupted = new AbortController();
  #closing: Promise<void> | undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#log = options.log;
    this.feed = createFeed(options.hostname);
    this.#dispatcher = new Dispatcher(options.name, `${this.#id}-`, this);
    const { name: app, log, keeper } = options;
    const make = createDriverFactory({
      app,
      log,
      feed: this.feed,
      keeper,
      trigger: (spec, request, response) => this.#dispatcher.trigger(this.#taskOf(spec), request, response),
    });
    this.#drivers = new Drivers(make, log);
  }

  get manifest(): Manifest | undefined {
    return this.#version?.manifest;
  }

  /**
   * Runs this manifest from now on, in place of the one before: the new pool starts beside the old one, drivers whose
   * options did not change keep their sockets, the old pool ends its jobs. On failure all is as it was.
   *
   * @param probe - wait until a worker is ready and healthy, so that code that cannot start is this call's error.
   */
  async deploy(manifest: Manifest, probe: boolean): Promise<void> {
    const before = this.#version;
    const version = await createVersion(manifest, this.#versionOptions(), this.#dispatcher);
    const { pool } = version;
    this.#coming = pool;
    let feed: FeedSocket | undefined;
    try {
      await pool.start(probe);
      if (probe) await checkHealth(version, this.#dispatcher);
      for (const task of manifest.tasks) this.#taskOf(task).policy = task.policy;
      if (manifest.feed !== before?.manifest.feed) feed = await this.#openFeed(manifest);
      // With the first version jobs may come as soon as a driver listens.
      if (before === undefined) this.#dispatcher.use(pool, manifest.engine.queueLimit);
      await this.#drivers.update(manifest.tasks, manifest.engine.drainTimeout);
    } catch (error) {
      await Promise.all([pool.close(), feed?.close()]);
      throw error;
    } finally {
      this.#coming = undefined;
    }
    this.#version = version;
    if (manifest.feed !== before?.manifest.feed) await this.feed.attach(feed);
    if (before !== undefined) {
      this.#dispatcher.use(pool, manifest.engine.queueLimit);
      this.#retire(before.pool);
    }
    if (this.#state === "starting" || this.#state === "failed") this.#state = "running";
  }

  /** A deploy that waits for its code to be built, or for its workers, fails at once with `COC_SHUTDOWN`. */
  interrupt(): void {
    this.#interrupted.abort(shuttingDown(this.#options.name));
    void this.#coming?.close();
  }

  pause(): void {
    if (this.#state === "stopping") return;
    this.#state = "paused";
    this.#drivers.pause();
    this.#dispatcher.refuse(appPaused(this.#options.name));
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = this.#failure === undefined ? "running" : "failed";
    this.#dispatcher.accept();
    this.#drivers.resume();
  }

  /** Runs a job of a task; `COC_TASK_UNKNOWN` where the manifest has none of that name. */
  trigger(task: string, request: JobRequest, response: ResponseSink): JobHandle {
    return this.#dispatcher.trigger(this.#find(task), request, response);
  }

  /** Runs a job that has a dead letter already; rejects with its error. */
  replay(task: string, request: JobRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      const sink = { write: () => true, end: resolve, fail: reject };
      this.#dispatcher.trigger(this.#find(task), request, sink).buried = true;
    });
  }

  /** Runs a job and iterates over its response. */
  call(name: string, request: JobRequest, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    const task = this.#find(name);
    return call((job, sink) => this.#dispatcher.trigger(task, job, sink), request, signal);
  }

  info(): AppInfo {
    const { manifest, pool } = this.#version ?? {};
    return describeApp({
      name: this.#options.name,
      state: this.#state,
      failure: this.#failure,
      uptime: (performance.now() - this.#startedAt) / 1000,
      feed: this.feed.endpoint,
      manifest,
      size: pool?.size ?? 0,
      workers: [pool, ...this.#draining].flatMap((each) => each?.info() ?? []),
      poolMetrics: this.#poolMetrics,
      dispatcher: this.#dispatcher,
      tasks: this.#tasks,
      drivers: this.#drivers,
    });
  }

  /**
   * Ends the app: drivers stop taking, open jobs end, workers exit. What is left after `deadline` milliseconds is
   * failed with `COC_SHUTDOWN` and killed. A further call may bring the deadline forward.
   */
  close(deadline: number): Promise<void> {
    this.#countdown.shorten(deadline);
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#state = "stopping";
    const error = shuttingDown(this.#options.name);
    this.#dispatcher.refuse(error);
    const pools = [this.#version?.pool, ...this.#draining].filter((pool) => pool !== undefined);
    const drained = Promise.all([this.#drivers.drain(), this.#dispatcher.idle()])
      .then(() => Promise.all(pools.map((pool) => pool.drain("shutdown"))))
      .then(() => true);
    if (!(await Promise.race([drained, this.#countdown.up]))) {
      this.#log.warn(
        { open: this.#dispatcher.open },
        "at the deadline of the shutdown: open jobs fail, workers are killed",
      );
      this.#dispatcher.abort(error);
    }
    await Promise.all(pools.map((pool) => pool.close()));
    this.#countdown.stop();
    await this.#drivers.close();
    await this.feed.close();
  }

  // --- what the dispatcher tells ---

  settled(job: Job, error: CocaineError | undefined, now: number): void {
    if (!this.feed.active) return;
    this.feed.event(`@job ${job.task.name}`, {
      id: job.id,
      outcome: error === undefined ? "ok" : error.code,
      attempt: job.attempt,
      waited: toMicroseconds(job.waited(now)),
      run: toMicroseconds(job.ran(now)),
    });
  }

  poolChanged(event: PoolEvent): void {
    this.#poolMetrics.count(event);
    const { event: name, ...fields } = event;
    this.#log[name === "crashed" ? "warn" : "info"](fields, `worker ${name}`);
    if (!this.feed.active) return;
    this.feed.event(`@worker ${event.worker}`, { ...event });
    this.feed.event("@pool", { size: event.size, queue: this.#dispatcher.queue.length });
  }

  crashed(report: CrashReport): void {
    this.#options.onCrash(report);
  }

  buried(letter: DeadLetter): void {
    this.#options.onDeadLetter(letter);
  }

  full(full: boolean): void {
    this.#drivers.setFull(full);
  }

  failed(error: CocaineError | undefined): void {
    this.#failure = error;
    if (this.#state === "running" || this.#state === "failed") this.#state = error === undefined ? "running" : "failed";
    if (error !== undefined) this.#log.error({ code: error.code }, `the app failed: ${error.message}`);
    else this.#log.info({}, "the app recovered");
  }

  // --- how a version is made ---

  #retire(pool: Pool): void {
    this.#draining.add(pool);
    void pool
      .drain("replaced by a new version")
      .then(() => pool.close())
      .catch((error: unknown) =>
        this.#log.error({ err: error }, `an old pool did not end cleanly: ${messageOf(error)}`),
      )
      .finally(() => this.#draining.delete(pool));
  }

  #versionOptions(): VersionOptions {
    const { log, registry, runtimeDir, openCode } = this.#options;
    const { signal } = this.#interrupted;
    return { log, registry, runtimeDir, openCode, name: `${this.#id}-${++this.#versions}`, signal };
  }

  async #openFeed(manifest: Manifest): Promise<FeedSocket | undefined> {
    const { openFeed, log } = this.#options;
    if (manifest.feed === undefined) return undefined;
    if (openFeed !== undefined) return openFeed(manifest.feed, log);
    log.warn({ endpoint: manifest.feed }, "this host opens no feeds: give createHost() an openFeed");
    return undefined;
  }

  #taskOf(spec: TaskSpec): Task {
    const known = this.#tasks.get(spec.name);
    if (known !== undefined) return known;
    const task = createTask(spec.name, spec.policy);
    this.#tasks.set(spec.name, task);
    return task;
  }

  #find(name: string): Task {
    const task = this.manifest?.tasks.some((spec) => spec.name === name) ? this.#tasks.get(name) : undefined;
    if (task !== undefined) return task;
    const names = this.manifest?.tasks.map((spec) => spec.name).join(", ");
    throw createError("COC_TASK_UNKNOWN", `app "${this.#options.name}" has no task "${name}": it has ${names}`);
  }
}
