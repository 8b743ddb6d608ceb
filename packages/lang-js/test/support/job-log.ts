import { Code, type ErrorMessage, WINDOW, type WorkerLink, type WorkerMessage } from "@cocaine/core/plugin";

/** A job from the engine's side: what came back, and the flow control that an engine keeps. */
export interface JobLog {
  readonly number: number;
  /** Chunks of the response. */
  readonly chunks: Uint8Array[];
  readonly failure: ErrorMessage | undefined;
  /** Resolves at CHOKE, ERROR or the last CHUNK. */
  readonly ended: Promise<void>;
  /** How often it ended: once, if the kit is right. */
  readonly ends: number;
  text(): string;
  json(): unknown;
  /** Bytes of the response so far. */
  readonly size: number;
  /** Sends a piece of the request; resolves when the next may be sent. */
  write(chunk: Uint8Array | undefined, end?: boolean): Promise<void>;
  cancel(reason: string): void;
  /** Gives the worker no credit until `resume()`. */
  pause(): void;
  resume(): void;
  take(message: WorkerMessage): void;
}

export function createJobLog(link: WorkerLink, number: number): JobLog {
  const chunks: Uint8Array[] = [];
  let failure: ErrorMessage | undefined;
  let ends = 0;
  let size = 0;
  let ungranted = 0;
  let paused = false;
  let window = WINDOW;
  let credited: () => void = () => undefined;
  let finish: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    finish = resolve;
  });

  const end = () => {
    ends++;
    finish();
    credited();
  };
  const grant = () => {
    if (paused || ungranted < WINDOW / 2) return;
    link.send({ code: Code.CREDIT, job: number, bytes: ungranted });
    ungranted = 0;
  };

  return {
    number,
    chunks,
    ended,
    get failure() {
      return failure;
    },
    get ends() {
      return ends;
    },
    get size() {
      return size;
    },
    text: () => Buffer.concat(chunks).toString("utf8"),
    json: () => JSON.parse(Buffer.concat(chunks).toString("utf8")),
    async write(chunk, last = false) {
      link.send({ code: Code.WRITE, job: number, chunk, end: last });
      window -= chunk?.length ?? 0;
      while (window <= 0 && ends === 0) {
        await new Promise<void>((resolve) => {
          credited = resolve;
        });
      }
    },
    cancel: (reason) => void link.send({ code: Code.CANCEL, job: number, reason }),
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      grant();
    },
    take(message) {
      if (message.code === Code.CHUNK) {
        chunks.push(message.chunk);
        size += message.chunk.length;
        ungranted += message.chunk.length;
        grant();
        if (message.end) end();
      } else if (message.code === Code.CREDIT) {
        window += message.bytes;
        credited();
      } else if (message.code === Code.ERROR) {
        failure = message;
        end();
      } else if (message.code === Code.CHOKE) end();
    },
  };
}
