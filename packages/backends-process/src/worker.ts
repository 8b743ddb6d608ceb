import {
  type BackendContext,
  type CommandLaunch,
  createEngineEncoder,
  createError,
  decodeWorkerMessage,
  type EngineMessage,
  type Exit,
  Tail,
  type WorkerLink,
  type WorkerMessage,
  type WorkerSpec,
} from "@cocaine/core/plugin";
import type { Peer } from "@cocaine/zmtp";
import type { Bus, Connected } from "./bus.ts";
import type { Confinement } from "./confinement.ts";
import { deferred } from "./deferred.ts";
import type { Environment } from "./environment.ts";
import { Program } from "./program.ts";
import type { Progress } from "./progress.ts";
import { residentBytes } from "./resident.ts";
import type { Sweeper } from "./sweeper.ts";
import { verdict } from "./verdict.ts";

/** Lines that `output()` remembers. */
const OUTPUT_LINES = 200;
/** Milliseconds that connection and process may differ: one of them gone, the other not yet. */
const PARTING_GRACE = 1000;

/** What a worker is made of. */
export interface WorkerParts {
  readonly launch: CommandLaunch;
  readonly env: Environment;
  readonly spec: WorkerSpec;
  readonly confinement: Confinement;
  readonly bus: Bus;
  readonly sweeper: Sweeper;
  readonly progress: Progress;
  readonly log: BackendContext["log"];
}

/**
 * - `expected`: spawned, not connected yet
 * - `connected`: messages flow
 * - `disconnected`: it closed its connection and is about to exit
 * - `gone`: exited, and all that it sent has been read
 */
type WorkerState = "expected" | "connected" | "disconnected" | "gone";

/** One worker process: its program, its connection and its progress mark. */
export class ProcessWorker implements WorkerLink, Connected {
  readonly exited: Promise<Exit>;
  readonly #identity: string;
  readonly #program: Program;
  readonly #bus: Bus;
  readonly #progress: Progress;
  readonly #output = new Tail(OUTPUT_LINES);
  readonly #parted = deferred<void>();
  readonly #encode = createEngineEncoder();
  #state: WorkerState = "expected";
  #peer: Peer | undefined;
  #onMessage: (message: WorkerMessage) => void = () => undefined;
  #onError: (error: Error) => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor({ launch, env, spec, confinement, bus, sweeper, progress, log }: WorkerParts) {
    this.#identity = spec.identity;
    this.#bus = bus;
    this.#progress = progress;
    bus.expect(spec.identity, this);
    this.#program = new Program({
      launch,
      env,
      prefix: confinement.prefix,
      onLine: (stream, line) => {
        this.#output.add(line);
        log.info({ worker: spec.identity, stream }, line);
      },
      onOutputError: (error) =>
        log.warn({ worker: spec.identity, err: error }, "the worker's output could not be read to its end"),
      onExit: () => sweeper.sweep(spec.identity),
    });
    this.exited = this.#end(launch, confinement);
  }

  get pid(): number | undefined {
    return this.#program.pid;
  }

  send(message: EngineMessage): boolean {
    if (this.#state !== "connected" || this.#peer === undefined) return false;
    return this.#peer.send(this.#encode(message));
  }

  onMessage(handler: (message: WorkerMessage) => void): void {
    this.#onMessage = handler;
  }

  onError(handler: (error: Error) => void): void {
    this.#onError = handler;
  }

  async stop(graceMs: number): Promise<void> {
    this.#program.stop(graceMs);
    await this.exited;
  }

  begun(): number | undefined {
    return this.#progress.read();
  }

  async rss(): Promise<number | undefined> {
    return this.pid === undefined ? undefined : residentBytes(this.pid);
  }

  output(): readonly string[] {
    return this.#output.lines();
  }

  // --- what the bus tells it ---

  /** expected → connected. */
  connected(peer: Peer): void {
    this.#state = "connected";
    this.#peer = peer;
  }

  received(frames: Uint8Array[]): void {
    let message: WorkerMessage;
    try {
      message = decodeWorkerMessage(frames);
    } catch (error) {
      this.#onError(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.#onMessage(message);
  }

  /** connected → disconnected. Comes from the bus when the socket has closed, after all that it sent. */
  disconnected(): void {
    this.#parted.resolve();
    if (this.#state !== "connected") return;
    this.#state = "disconnected";
    this.#timer = setTimeout(() => {
      const message = `worker ${this.#identity} closed its connection and did not exit`;
      this.#onError(createError("COC_PROTOCOL", message));
    }, PARTING_GRACE);
  }

  /** Any → gone. */
  async #end(launch: CommandLaunch, confinement: Confinement): Promise<Exit> {
    const exit = await this.#program.exited;
    this.#bus.forget(this.#identity);
    await this.#readRest();
    clearTimeout(this.#timer);
    this.#state = "gone";
    this.#progress.end();
    return verdict({ exit, launch, confinement, connected: this.#peer !== undefined, output: this.output() });
  }

  /** What a worker sent right before its exit may still be in the socket. */
  async #readRest(): Promise<void> {
    if (this.#state !== "connected") return;
    // A process that left the group may have taken the connection with it.
    const timer = setTimeout(() => this.#peer?.close(), PARTING_GRACE);
    await this.#parted.promise;
    clearTimeout(timer);
  }
}
