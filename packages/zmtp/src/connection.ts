import type { Socket } from "node:net";
import {
  checkGreeting,
  decodeCredentials,
  decodeMetadata,
  encodeCommand,
  encodeCredentials,
  encodeError,
  encodeGreeting,
  encodeMetadata,
  GREETING_LENGTH,
  type Mechanism,
  type Metadata,
  splitCommand,
} from "./command.ts";
import { createDecoder, type Decoder } from "./decoder.ts";
import { createEncoder, type Frame } from "./encoder.ts";
import { ZmtpError } from "./errors.ts";
import type { Limits } from "./limits.ts";

/**
 * - `greeting`: the 64 bytes that open a connection
 * - `handshake`: READY, or the steps of PLAIN
 * - `ready`: messages flow
 * - `closed`
 */
type ConnectionState = "greeting" | "handshake" | "ready" | "closed";

/** A command of the handshake, of NULL (READY) or PLAIN (all). */
type HandshakeCommand = "HELLO" | "WELCOME" | "INITIATE" | "READY";

/** Who asked for a pause: for this peer alone, or for all of a socket. */
export type PauseReason = "peer" | "socket";

/** How often a peer is asked whether it lives, and how long it may be silent; milliseconds. */
export interface Heartbeat {
  readonly interval: number;
  readonly timeout: number;
}

/** How this side names itself and whom it lets in. */
export interface Handshake {
  readonly socketType: string;
  readonly routingId?: Uint8Array | undefined;
  /** Socket types of peers that fit. */
  readonly compatible: readonly string[];
  /** Credentials to give, as the client of PLAIN. */
  readonly credentials?: { readonly username: string; readonly password: string } | undefined;
  /** Credentials to ask for, as the server of PLAIN. */
  readonly authenticate?: ((username: string, password: string) => boolean) | undefined;
}

export interface ConnectionOptions {
  readonly handshake: Handshake;
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
  readonly #encoder = createEncoder();
  readonly #decoder: Decoder;
  readonly #mechanism: Mechanism;
  readonly #isServer: boolean;
  #state: ConnectionState = "greeting";
  #greeting = Buffer.alloc(0);
  /** The only command that the peer may send next in the handshake. */
  #expected: HandshakeCommand;
  #flushing = false;
  #full = false;
  readonly #paused = new Set<PauseReason>();
  #heard = true;
  #timer: NodeJS.Timeout | undefined;
  #error: ZmtpError | undefined;

  constructor(socket: Socket, options: ConnectionOptions, events: ConnectionEvents) {
    this.#socket = socket;
    this.#options = options;
    this.#events = events;
    const { handshake, limits } = options;
    this.#isServer = handshake.authenticate !== undefined;
    this.#mechanism = this.#isServer || handshake.credentials !== undefined ? "PLAIN" : "NULL";
    this.#expected = this.#mechanism === "NULL" ? "READY" : this.#isServer ? "HELLO" : "WELCOME";
    this.#decoder = createDecoder(limits, {
      message: (frames) => this.#message(frames),
      command: (body) => this.#command(body),
    });
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("end", () => this.close());
    socket.on("error", (cause) =>
      this.#fail(new ZmtpError("COC_ZMTP_CLOSED", `the connection broke: ${cause.message}`, cause)),
    );
    socket.on("close", () => this.#ended());
    this.#timer = setTimeout(() => this.#fail(handshakeTimedOut(limits.handshake)), limits.handshake);
    this.#write(() => this.#encoder.raw(encodeGreeting(this.#mechanism, this.#isServer)));
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Sends a message with all others of this turn of the loop. `false`: above the high-water mark, or closed. */
  send(frames: readonly Frame[]): boolean {
    if (this.#state !== "ready") return false;
    this.#encoder.message(frames);
    if (!this.#flushing) {
      this.#flushing = true;
      process.nextTick(this.#flush);
    }
    if (this.#encoder.length + this.#socket.writableLength < this.#options.highWaterMark) return true;
    this.#full = true;
    return false;
  }

  /** Stops reading, for one of two reasons: reading goes on when neither holds. */
  pause(reason: PauseReason): void {
    this.#paused.add(reason);
    this.#socket.pause();
  }

  resume(reason: PauseReason): void {
    this.#paused.delete(reason);
    if (this.#paused.size === 0) this.#socket.resume();
  }

  /** Ends the connection once what is queued has left; at once where that takes longer than `milliseconds`. */
  close(milliseconds = 1000): void {
    if (this.#state === "closed") return;
    this.#flush();
    this.#state = "closed";
    clearTimeout(this.#timer);
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
    this.#heard = true;
    if (this.#state === "closed") return;
    try {
      if (this.#state === "greeting") this.#greet(chunk);
      else this.#decoder.push(chunk);
    } catch (error) {
      if (!(error instanceof ZmtpError)) throw error;
      this.#fail(error);
    }
  }

  #greet(chunk: Buffer): void {
    this.#greeting = Buffer.concat([this.#greeting, chunk]);
    checkGreeting(this.#greeting.subarray(0, GREETING_LENGTH), this.#mechanism);
    if (this.#greeting.length < GREETING_LENGTH) return;
    const rest = this.#greeting.subarray(GREETING_LENGTH);
    this.#state = "handshake";
    const { handshake } = this.#options;
    if (handshake.credentials !== undefined) {
      const { username, password } = handshake.credentials;
      this.#send(encodeCommand("HELLO", encodeCredentials(username, password)));
    } else if (!this.#isServer) {
      this.#sendReady("READY");
    }
    if (rest.length > 0) this.#decoder.push(rest);
  }

  #message(frames: Uint8Array[]): void {
    if (this.#state === "ready") this.#events.message(frames);
    else if (this.#state !== "closed")
      throw new ZmtpError("COC_ZMTP_PROTOCOL", "a message before the handshake was done");
  }

  #command(body: Uint8Array): void {
    if (this.#state === "closed") return;
    const { name, data } = splitCommand(body);
    if (this.#state === "ready") return this.#control(name, data);
    if (name === "ERROR")
      throw new ZmtpError("COC_ZMTP_REFUSED", `the peer refused the connection: ${data.toString("utf8", 1)}`);
    if (name !== this.#expected)
      throw new ZmtpError("COC_ZMTP_PROTOCOL", `the command ${JSON.stringify(name)} where ${this.#expected} was due`);
    switch (name) {
      case "HELLO":
        return this.#authenticate(data);
      case "WELCOME":
        this.#expected = "READY";
        return this.#sendReady("INITIATE");
      case "INITIATE":
        this.#sendReady("READY");
        return this.#becomeReady(data);
      case "READY":
        return this.#becomeReady(data);
    }
  }

  #authenticate(data: Buffer): void {
    const { username, password } = decodeCredentials(data);
    if (this.#options.handshake.authenticate?.(username, password) !== true) throw this.#refuse("access denied");
    this.#expected = "INITIATE";
    this.#send(encodeCommand("WELCOME"));
  }

  #becomeReady(data: Buffer): void {
    const metadata = decodeMetadata(data);
    const type = metadata.get("socket-type")?.toString("latin1") ?? "none";
    const { compatible, socketType } = this.#options.handshake;
    if (!compatible.includes(type)) throw this.#refuse(`a ${type} cannot talk to a ${socketType}`);
    clearTimeout(this.#timer);
    this.#state = "ready";
    if (!this.#events.ready(metadata)) throw this.#refuse("routing id refused");
    this.#startHeartbeat();
  }

  #control(name: string, data: Buffer): void {
    // PING: 16 bits of TTL, then a context that PONG gives back.
    if (name === "PING") this.#send(encodeCommand("PONG", data.subarray(2, 18)));
    else if (name === "ERROR")
      throw new ZmtpError("COC_ZMTP_REFUSED", `the peer ended the connection: ${data.toString("utf8", 1)}`);
  }

  #startHeartbeat(): void {
    const { heartbeat } = this.#options;
    if (heartbeat === undefined) return;
    const ttl = Buffer.alloc(2);
    ttl.writeUInt16BE(Math.min(65_535, Math.ceil(heartbeat.timeout / 100)));
    let silent = 0;
    this.#timer = setInterval(() => {
      silent = this.#heard ? 0 : silent + heartbeat.interval;
      this.#heard = false;
      if (silent >= heartbeat.timeout) {
        this.#fail(new ZmtpError("COC_ZMTP_HEARTBEAT", `the peer was silent for ${silent} ms`));
      } else this.#send(encodeCommand("PING", ttl));
    }, heartbeat.interval);
    this.#timer.unref();
  }

  #sendReady(command: "READY" | "INITIATE"): void {
    const { socketType, routingId } = this.#options.handshake;
    this.#send(encodeCommand(command, encodeMetadata(socketType, routingId)));
  }

  #refuse(reason: string): ZmtpError {
    this.#send(encodeError(reason));
    return new ZmtpError("COC_ZMTP_REFUSED", `the peer was refused: ${reason}`);
  }

  #send(command: Uint8Array): void {
    this.#write(() => this.#encoder.command(command));
  }

  #write(encode: () => void): void {
    encode();
    if (this.#flushing) return;
    this.#flushing = true;
    process.nextTick(this.#flush);
  }

  readonly #flush = (): void => {
    this.#flushing = false;
    if (this.#encoder.length === 0 || this.#socket.destroyed || this.#socket.writableEnded) return;
    const buffers = this.#encoder.take();
    const last = buffers.pop() as Uint8Array;
    if (buffers.length > 0) {
      this.#socket.cork();
      for (const buffer of buffers) this.#socket.write(buffer);
    }
    // Told when the kernel has taken the last of it, but only while somebody waits to hear of it.
    if (this.#full) this.#socket.write(last, this.#drained);
    else this.#socket.write(last);
    if (buffers.length > 0) this.#socket.uncork();
  };

  readonly #drained = (): void => {
    const waiting = this.#encoder.length + this.#socket.writableLength;
    if (!this.#full || this.#state !== "ready" || waiting >= this.#options.highWaterMark) return;
    this.#full = false;
    this.#events.drain();
  };

  #fail(error: ZmtpError): void {
    if (this.#state === "closed") return;
    this.#error ??= error;
    this.close(100);
  }

  #ended(): void {
    this.#state = "closed";
    clearTimeout(this.#timer);
    this.#events.closed(this.#error);
  }
}

function handshakeTimedOut(milliseconds: number): ZmtpError {
  return new ZmtpError("COC_ZMTP_HANDSHAKE_TIMEOUT", `the peer did not end the handshake within ${milliseconds} ms`);
}
