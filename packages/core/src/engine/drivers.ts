import type { Claim } from "../cluster/leases.ts";
import type { Driver, PauseReason } from "../contracts/driver.ts";
import { createError, messageOf } from "../errors.ts";
import type { TaskSpec } from "../manifest/manifest.ts";
import type { Logger } from "../observe/log.ts";
import { createCountdown } from "./countdown.ts";
import type { MakeDriver } from "./driver-factory.ts";
import { LeasedDriver } from "./leased-driver.ts";

interface Running {
  spec: TaskSpec;
  readonly driver: Driver;
  readonly controller: AbortController;
  /** Why it does not trigger now. */
  hold: PauseReason | undefined;
}

/** The drivers of one app. */
export class Drivers {
  readonly #running = new Map<string, Running>();
  readonly #make: MakeDriver;
  readonly #log: Logger;
  #paused = false;
  #full = false;

  constructor(make: MakeDriver, log: Logger) {
    this.#make = make;
    this.#log = log;
  }

  /**
   * Runs exactly these: starts what is new, ends what is gone, replaces what changed; the others keep their sockets.
   * If one cannot start, those that ran before run again.
   *
   * @param drainTimeout - milliseconds that one which ends has for the jobs that it triggered; then their callers are
   * let down.
   * @throws `COC_DRIVER_START` with the driver's own error as cause.
   */
  async update(specs: readonly TaskSpec[], drainTimeout: number): Promise<void> {
    const before = [...this.#running.values()].map(({ spec }) => spec);
    try {
      await this.#converge(specs, drainTimeout);
    } catch (error) {
      await this.#converge(before, drainTimeout);
      throw error;
    }
  }

  pause(): void {
    this.#paused = true;
    this.#holdAll();
  }

  resume(): void {
    this.#paused = false;
    this.#holdAll();
  }

  /** The queue is full, or has room again: holds the drivers of tasks that block, or lets them go on. */
  setFull(full: boolean): void {
    this.#full = full;
    this.#holdAll();
  }

  /** Takes no new jobs; resolves when those that the drivers triggered have ended. */
  async drain(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ driver }) => driver.drain()));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.#close(name)));
  }

  info(task: string): Record<string, unknown> {
    return this.#running.get(task)?.driver.info?.() ?? {};
  }

  /** Who has the lease of a task that runs once in the cluster. */
  lease(task: string): ReturnType<Claim["info"]> | undefined {
    const driver = this.#running.get(task)?.driver;
    return driver instanceof LeasedDriver ? driver.lease : undefined;
  }

  async #converge(specs: readonly TaskSpec[], drainTimeout: number): Promise<void> {
    const wanted = new Map(specs.map((spec) => [spec.name, spec]));
    const ending = [...this.#running.values()].filter(({ spec }) => wanted.get(spec.name)?.source !== spec.source);
    await Promise.all(ending.map((running) => this.#drain(running, drainTimeout)));
    await Promise.all(ending.map(({ spec }) => this.#close(spec.name)));
    for (const spec of specs) {
      const kept = this.#running.get(spec.name);
      if (kept === undefined) await this.#start(spec);
      else kept.spec = spec;
    }
    // The policy of those that were kept may have changed.
    this.#holdAll();
  }

  async #drain({ driver, spec }: Running, timeout: number): Promise<void> {
    const countdown = createCountdown();
    countdown.shorten(timeout);
    const drained = driver.drain().then(() => true);
    if (!(await Promise.race([drained, countdown.up]))) {
      this.#log.warn(
        { task: spec.name },
        `jobs of a driver that ends run on after ${timeout / 1000} s (drain-timeout)`,
      );
    }
    countdown.stop();
  }

  async #start(spec: TaskSpec): Promise<void> {
    const controller = new AbortController();
    let driver: Driver | undefined;
    try {
      driver = this.#make(spec, controller.signal);
      await driver.start();
    } catch (cause) {
      controller.abort();
      await this.#closeDriver(spec.name, driver);
      const message = `task "${spec.name}" (${spec.driver.name}) could not start: ${messageOf(cause)}`;
      throw createError("COC_DRIVER_START", message, { cause });
    }
    const running: Running = { spec, driver, controller, hold: undefined };
    this.#running.set(spec.name, running);
    this.#hold(running);
  }

  async #closeDriver(task: string, driver: Driver | undefined): Promise<void> {
    try {
      await driver?.close();
    } catch (error) {
      this.#log.error({ task, err: error }, "a driver did not close cleanly");
    }
  }

  #holdAll(): void {
    for (const running of this.#running.values()) this.#hold(running);
  }

  #hold(running: Running): void {
    const { driver, spec } = running;
    const blocked = this.#full && spec.policy.overflow === "block";
    const reason = this.#paused ? "paused" : blocked ? "full" : undefined;
    if (reason === running.hold) return;
    running.hold = reason;
    if (reason === undefined) driver.resume?.();
    else driver.pause?.(reason);
  }

  async #close(name: string): Promise<void> {
    const running = this.#running.get(name);
    if (running === undefined) return;
    this.#running.delete(name);
    running.controller.abort();
    await this.#closeDriver(name, running.driver);
  }
}
