import {
  type BackendContext,
  BatchWriter,
  Control,
  createEngineEncoder,
  decodeWorkerMessage,
  type EngineMessage,
  type Exit,
  LineBuffer,
  type ModuleLaunch,
  readBatch,
  Tail,
  type ThreadOutput,
  type ThreadProgress,
  type WorkerLink,
  type WorkerMessage,
  type WorkerSpec,
} from "@cocaine/core/plugin";
import { threadFailed } from "./failure.ts";
import { type Mark, openMark } from "./mark.ts";
import { type ResourceLimits, startThread, type Thread, type ThreadEnd } from "./thread.ts";

/** Lines that `output()` remembers. */
const OUTPUT_LINES = 200;
/** Bytes that leave before the turn ends, so that the thread works on them meanwhile. */
const ENOUGH = 8_192;

/** What a worker is made of. */
export interface WorkerParts {
  readonly launch: ModuleLaunch;
  readonly spec: WorkerSpec;
  readonly resourceLimits: ResourceLimits;
  readonly log: BackendContext["log"];
}

/**
 * - `starting`: no message has come
 * - `open`: messages flow
 * - `gone`: the thread has ended
 */
type WorkerState = "starting" | "open" | "gone";

/** One worker thread: messages of a turn of the loop go to it as one batch. */
export class ThreadWorker implements WorkerLink {
  readonly pid = undefined;
  readonly exited: Promise<Exit>;
  readonly #parts: WorkerParts;
  readonly #thread: Thread;
  readonly #places: Int32Array;
  readonly #encode = createEngineEncoder();
  readonly #batch = new BatchWriter();
  readonly #output = new Tail(OUTPUT_LINES);
  readonly #lines = { stdout: new LineBuffer(), stderr: new LineBuffer() };
  #state: WorkerState = "starting";
  #mark: Mark | undefined;
  #killed = false;
  #onMessage: (message: WorkerMessage) => void = () => undefined;
  #onError: (error: Error) => void = () => undefined;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    const { launch, resourceLimits, spec } = parts;
    const control = new SharedArrayBuffer(Control.SIZE * Int32Array.BYTES_PER_ELEMENT);
    this.#places = new Int32Array(control);
    this.#thread = startThread({
      launch,
      resourceLimits,
      task: { control, heartbeat: spec.heartbeat, concurrency: spec.concurrency },
      onMessage: (message) => this.#take(message),
    });
    this.exited = this.#thread.ended.then((end) => this.#end(end));
  }

  send(message: EngineMessage): boolean {
    if (this.#state !== "open") return false;
    if (this.#batch.length === 0) process.nextTick(this.#flush);
    this.#batch.add(this.#encode(message));
    if (this.#batch.length >= ENOUGH) this.#flush();
    return true;
  }

  onMessage(handler: (message: WorkerMessage) => void): void {
    this.#onMessage = handler;
  }

  onError(handler: (error: Error) => void): void {
    this.#onError = handler;
  }

  /** There is no signal that a thread could be asked by: whatever the grace, it is ended at once. */
  async stop(): Promise<void> {
    if (this.#state !== "gone") {
      this.#killed = true;
      this.#thread.kill();
    }
    await this.exited;
  }

  begun(): number {
    return this.#mark?.read() ?? Atomics.load(this.#places, Control.PROGRESS) >>> 0;
  }

  output(): readonly string[] {
    return this.#output.lines();
  }

  readonly #flush = (): void => {
    if (this.#batch.length > 0 && this.#state === "open") this.#thread.post(this.#batch.take());
  };

  #take(message: unknown): void {
    if (message instanceof ArrayBuffer) {
      this.#taken(message.byteLength);
      if (this.#state === "starting") this.#state = "open";
      readBatch(message, this.#receive);
    } else if (isOutput(message)) {
      this.#taken(message.bytes.length);
      this.#read(message);
    } else if (isProgress(message)) {
      this.#mark ??= openMark(message.progress);
    }
  }

  readonly #receive = (frames: Uint8Array[]): void => {
    let message: WorkerMessage;
    try {
      message = decodeWorkerMessage(frames);
    } catch (error) {
      return this.#onError(error instanceof Error ? error : new Error(String(error)));
    }
    this.#onMessage(message);
  };

  #taken(bytes: number): void {
    Atomics.sub(this.#places, Control.WAITING, bytes);
    Atomics.notify(this.#places, Control.WAITING);
  }

  #read({ stream, bytes }: ThreadOutput): void {
    for (const line of this.#lines[stream].read(Buffer.from(bytes.buffer))) this.#write(stream, line);
  }

  #write(stream: ThreadOutput["stream"], line: string): void {
    this.#output.add(line);
    this.#parts.log.info({ worker: this.#parts.spec.identity, stream }, line);
  }

  /** Any → gone. */
  #end({ well, error }: ThreadEnd): Exit {
    this.#state = "gone";
    this.#mark?.close();
    for (const stream of ["stdout", "stderr"] as const) {
      const line = this.#lines[stream];
      if (!line.empty) this.#write(stream, line.take());
    }
    if (well) return { code: 0, signal: null };
    if (this.#killed) return { code: null, signal: "SIGKILL" };
    return {
      code: 1,
      signal: null,
      ...(error !== undefined && { error: threadFailed(this.#parts.launch.module, error) }),
    };
  }
}

function isOutput(message: unknown): message is ThreadOutput {
  return typeof message === "object" && message !== null && "bytes" in message && "stream" in message;
}

function isProgress(message: unknown): message is ThreadProgress {
  return typeof message === "object" && message !== null && "progress" in message;
}
