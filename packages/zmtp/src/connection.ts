import type { Socket } from "node:net";
import { encodeCommand, type Metadata, splitCommand } from "./command.ts";
import { createDecoder, type Decoder } from "./decoder.ts";
import type { Frame } from "./encoder.ts";
import { ZmtpError } from "./errors.ts";
import { Handshake, type HandshakeOptions } from "./handshake.ts";
import { type Heartbeat, type Pulse, startPulse } from "./heartbeat.ts";
import type { Limits } from "./limits.ts";
import { Outbox } from "./outbox.ts";

/**
 * - `greeting`: the 64 bytes that open a connection
 * - `handshake`: READY, or the steps of PLAIN
 * - `ready`: messages flow
 * - `closed`
 */
type ConnectionState = "greeting" | "handshake" | "ready" | "closed";

/** Who asked for a pause: for this peer alone, or for all of a socket. */
export type PauseReason = "peer" | "socket";

export interface ConnectionOptions {
  readonly handshake: HandshakeOptions;
  readonly limits: Required<Limits>;
  readonly highWaterMark: number;
  readonly heartbeat?: Heartbeat | undefined;
}

export interface ConnectionEvents {
  /** The handshake is done. @returns `false` refuses the peer. */
  ready(metadata: Metadata): boolean;
  message(frames: Uint8Array[]): void;
  drain(): void;
  /** Called once; `error` unless the peer just left or this side closed. */
  closed(error: ZmtpError | undefined): void;
}

/** One connection of ZMTP 3.1 over a stream, from the greeting to its end. */
export class Connection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  readonly #handshake: Handshake;
  readonly #outbox: Outbox;
  readonly #decoder: Decoder;
  /** No messages, only commands, until the handshake is done. */
  readonly #limits: { frame: number; message: number; frames: number };
  readonly #paused = new Set<PauseReason>();
  /** Messages that had been read when the pause came: those of one read at most. */
  readonly #late: Uint8Array[][] = [];
  #state: ConnectionState = "greeting";
  #pulse: Pulse | undefined;
  #timer: NodeJS.Timeout | undefined;
  #error: ZmtpError | undefined;

  constructor(socket: Socket, options: ConnectionOptions, events: ConnectionEvents) {
    this.#socket = socket;
    this.#options = options;
    this.#events = events;
    const { limits } = options;
    this.#limits = { frame: limits.frame, message: limits.message, frames: 0 };
    this.#decoder = createDecoder(this.#limits, {
      message: (frames) => {
        if (this.#state !== "ready") return;
        if (this.#paused.size > 0) this.#late.push(frames);
        else events.message(frames);
      },
      command: (body) => this.#command(body),
    });
    this.#outbox = new Outbox(socket, options.highWaterMark, () => {
      if (this.#state === "ready") events.drain();
    });
    this.#handshake = new Handshake(options.handshake, {
      send: (command) => this.#outbox.command(command),
      done: (metadata) => this.#becomeReady(metadata),
    });
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("end", () => this.close());
    socket.on("error", (cause) =>
      this.#fail(new ZmtpError("COC_ZMTP_CLOSED", `the connection broke: ${cause.message}`, cause)),
    );
    socket.on("close", () => this.#ended());
    this.#timer = setTimeout(() => this.#fail(handshakeTimedOut(limits.handshake)), limits.handshake);
    this.#outbox.raw(this.#handshake.greeting);
  }

  /** Sends a message with all others of this turn of the loop. `false`: above the high-water mark, or not connected. */
  send(frames: readonly Frame[]): boolean {
    return this.#state === "ready" && this.#outbox.message(frames);
  }

  /**
   * Stops reading, for one of two reasons: reading goes on when neither holds. No message comes after it, also of those
   * that had been read. A handshake is always ended first.
   */
  pause(reason: PauseReason): void {
    this.#paused.add(reason);
    if (this.#state === "ready") this.#socket.pause();
  }

  resume(reason: PauseReason): void {
    this.#paused.delete(reason);
    while (this.#late.length > 0 && this.#paused.size === 0 && this.#state === "ready") {
      this.#events.message(this.#late.shift() as Uint8Array[]);
    }
    if (this.#paused.size === 0) this.#socket.resume();
  }

  /** Ends the connection once what is queued has left; at once where that takes longer than `milliseconds`. */
  close(milliseconds = 1000): void {
    if (this.#state === "closed") return;
    this.#outbox.flush();
    this.#state = "closed";
    this.#late.length = 0;
    clearTimeout(this.#timer);
    this.#pulse?.stop();
    if (this.#socket.connecting) {
      this.#socket.destroy();
      return;
    }
    // What the peer still says is read and dropped, so that its end is seen.
    this.#socket.resume();
    this.#socket.end();
    this.#timer = setTimeout(() => this.#socket.destroy(), milliseconds);
  }

  #receive(chunk: Buffer): void {
    if (this.#state === "closed") return;
    this.#pulse?.heard();
    try {
      if (this.#state === "greeting") this.#greet(chunk);
      else this.#decoder.push(chunk);
    } catch (error) {
      if (error instanceof ZmtpError) return this.#fail(error);
      // A handler threw: the rest of the chunk is lost, so nothing that comes later can be understood.
      this.#fail(new ZmtpError("COC_ZMTP_CLOSED", "the owner of the socket threw while it handled a message", error));
      throw error;
    }
  }

  #greet(chunk: Buffer): void {
    const rest = this.#handshake.greet(chunk);
    if (rest === undefined) return;
    this.#state = "handshake";
    this.#decoder.push(rest);
  }

  #command(body: Uint8Array): void {
    if (this.#state === "closed") return;
    const { name, data } = splitCommand(body);
    if (this.#state === "ready") this.#control(name, data);
    else this.#handshake.command(name, data);
  }

  #becomeReady(metadata: Metadata): void {
    clearTimeout(this.#timer);
    this.#state = "ready";
    this.#limits.frames = this.#options.limits.frames;
    if (!this.#events.ready(metadata)) throw this.#handshake.refuse("routing id refused");
    // Its owner may have closed it, or paused it before.
    if (!this.#is("ready")) return;
    if (this.#paused.size > 0) this.#socket.pause();
    this.#startPulse();
  }

  #control(name: string, data: Buffer): void {
    if (name === "PING") this.#pong(data);
    else if (name === "ERROR")
      throw new ZmtpError("COC_ZMTP_REFUSED", `the peer ended the connection: ${data.toString("utf8", 1)}`);
  }

  /** PING: 16 bits of TTL, then a context of up to 16 bytes that PONG gives back. */
  #pong(data: Buffer): void {
    if (data.length < 2) throw new ZmtpError("COC_ZMTP_PROTOCOL", "a PING without its time to live");
    // A peer that asks and asks, and reads no answer, shall not fill our memory.
    if (!this.#outbox.full) this.#outbox.command(encodeCommand("PONG", data.subarray(2, 18)));
  }

  #startPulse(): void {
    const { heartbeat } = this.#options;
    if (heartbeat === undefined || !this.#handshake.knowsPing) return;
    const paused = this.#paused;
    this.#pulse = startPulse(heartbeat, {
      get listening() {
        return paused.size === 0;
      },
      ping: (body) => {
        if (!this.#outbox.full) this.#outbox.command(body);
      },
      dead: (error) => this.#fail(error),
    });
  }

  #is(state: ConnectionState): boolean {
    return this.#state === state;
  }

  #fail(error: ZmtpError): void {
    if (this.#state === "closed") return;
    this.#error ??= error;
    this.close(100);
  }

  #ended(): void {
    this.#state = "closed";
    clearTimeout(this.#timer);
    this.#pulse?.stop();
    this.#events.closed(this.#error);
  }
}

function handshakeTimedOut(milliseconds: number): ZmtpError {
  return new ZmtpError("COC_ZMTP_HANDSHAKE_TIMEOUT", `the peer did not end the handshake within ${milliseconds} ms`);
}
