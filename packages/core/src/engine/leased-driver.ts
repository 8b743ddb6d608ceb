import type { Claim, Claimant, Lease } from "../cluster/leases.ts";
import type { Driver, PauseReason } from "../contracts/driver.ts";
import { messageOf } from "../errors.ts";
import type { Logger } from "../observe/log.ts";
import { createCountdown } from "./countdown.ts";

/** Milliseconds before a node asks again for a lease whose driver it could not start. */
const DECLINE = 30_000;
/** Milliseconds that a driver has to end its jobs once its lease is lost. */
const PATIENCE = 5000;

export interface LeasedDriverOptions {
  readonly log: Logger;
  /** Makes the driver for as long as a lease is held. */
  make(lease: Lease): Driver;
  claim(claimant: Claimant): Claim;
  /** Resolves when what the driver keeps is stored: before the lease is given back. */
  saved(): Promise<void>;
}

/**
 * A driver that runs while its node holds the lease of the task. Steps that take time are done one after the other; the
 * driver that was lost triggers nothing from that moment on, whatever it still does.
 */
export class LeasedDriver implements Driver {
  readonly #options: LeasedDriverOptions;
  #claim: Claim | undefined;
  #inner: Driver | undefined;
  #hold: PauseReason | undefined;
  #draining = false;
  #closed = false;
  #steps: Promise<void> = Promise.resolve();
  /** Why the first start failed: that is the failure of the deploy. */
  #failure: unknown;

  constructor(options: LeasedDriverOptions) {
    this.#options = options;
  }

  /** Resolves when the driver runs, or another node has the lease. */
  async start(): Promise<void> {
    this.#claim = this.#options.claim({
      gained: (lease) => this.#next(() => this.#run(lease)),
      lost: () => this.#next(() => this.#end()),
    });
    await this.#claim.asked;
    await this.#steps;
    if (this.#failure === undefined) return;
    const failure = this.#failure;
    await this.#claim.release();
    throw failure;
  }

  pause(reason: PauseReason): void {
    this.#hold = reason;
    this.#inner?.pause?.(reason);
  }

  resume(): void {
    this.#hold = undefined;
    this.#inner?.resume?.();
  }

  async drain(): Promise<void> {
    this.#draining = true;
    await this.#inner?.drain();
    await this.#steps;
  }

  async close(): Promise<void> {
    this.#closed = true;
    try {
      await this.#inner?.close();
      await this.#steps;
      await this.#options.saved();
    } finally {
      await this.#claim?.release();
    }
  }

  info(): Record<string, unknown> {
    return this.#inner?.info?.() ?? {};
  }

  /** Who has the lease. */
  get lease(): ReturnType<Claim["info"]> | undefined {
    return this.#claim?.info();
  }

  #next(step: () => Promise<void>): void {
    this.#steps = this.#steps.then(step).catch((error: unknown) => {
      this.#options.log.error({ err: error }, `a driver did not end cleanly: ${messageOf(error)}`);
    });
  }

  async #run(lease: Lease): Promise<void> {
    if (this.#draining || this.#closed || !lease.holds()) return;
    const { log, make } = this.#options;
    let driver: Driver | undefined;
    try {
      driver = make(lease);
      this.#inner = driver;
      await driver.start();
    } catch (error) {
      this.#inner = undefined;
      this.#failure ??= error;
      this.#claim?.decline(DECLINE);
      log.error({ err: error }, `the driver could not start, another node may: ${messageOf(error)}`);
      return driver?.close();
    }
    this.#failure = undefined;
    log.info({ term: lease.term }, "this node runs the task now");
    if (this.#hold !== undefined) driver.pause?.(this.#hold);
    if (this.#closed) await driver.close();
    else if (this.#draining) await driver.drain();
  }

  async #end(): Promise<void> {
    const driver = this.#inner;
    this.#inner = undefined;
    if (driver === undefined || this.#closed) return;
    this.#options.log.warn({}, "this node lost the lease of the task, which other nodes may run now");
    const countdown = createCountdown();
    countdown.shorten(PATIENCE);
    await Promise.race([driver.drain(), countdown.up]);
    countdown.stop();
    await driver.close();
  }
}
