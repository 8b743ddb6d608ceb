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
} from "./command.ts";
import { ZmtpError } from "./errors.ts";

/** How this side names itself and whom it lets in. */
export interface HandshakeOptions {
  readonly socketType: string;
  readonly routingId?: Uint8Array | undefined;
  /** Socket types of peers that fit. */
  readonly compatible: readonly string[];
  /** Credentials to give, as the client of PLAIN. */
  readonly credentials?: { readonly username: string; readonly password: string } | undefined;
  /** Credentials to ask for, as the server of PLAIN. */
  readonly authenticate?: ((username: string, password: string) => boolean) | undefined;
}

/** A command of NULL (READY) or PLAIN (all). */
type HandshakeCommand = "HELLO" | "WELCOME" | "INITIATE" | "READY";

/** What a handshake does to its connection. */
export interface HandshakeActions {
  send(command: Uint8Array): void;
  /** Both sides agree. */
  done(metadata: Metadata): void;
}

/** One side of a handshake: the greetings (RFC 37), then NULL or PLAIN (RFC 24). */
export class Handshake {
  readonly #options: HandshakeOptions;
  readonly #actions: HandshakeActions;
  readonly #mechanism: Mechanism;
  readonly #isServer: boolean;
  #greeting = Buffer.alloc(0);
  /** The only command that the peer may send next. */
  #expected: HandshakeCommand;

  constructor(options: HandshakeOptions, actions: HandshakeActions) {
    this.#options = options;
    this.#actions = actions;
    this.#isServer = options.authenticate !== undefined;
    this.#mechanism = this.#isServer || options.credentials !== undefined ? "PLAIN" : "NULL";
    this.#expected = this.#mechanism === "NULL" ? "READY" : this.#isServer ? "HELLO" : "WELCOME";
  }

  /** The 64 bytes to open with. */
  get greeting(): Uint8Array {
    return encodeGreeting(this.#mechanism, this.#isServer);
  }

  /** Whether the peer knows PING: ZMTP 3.0 does not. */
  get knowsPing(): boolean {
    return (this.#greeting[10] as number) > 3 || (this.#greeting[11] as number) >= 1;
  }

  /**
   * Takes bytes of the peer's greeting.
   *
   * @returns what follows the greeting, once it is whole. @throws `COC_ZMTP_PROTOCOL`
   */
  greet(chunk: Uint8Array): Uint8Array | undefined {
    const missing = GREETING_LENGTH - this.#greeting.length;
    this.#greeting = Buffer.concat([this.#greeting, chunk.subarray(0, missing)]);
    checkGreeting(this.#greeting, this.#mechanism);
    if (chunk.length < missing) return undefined;
    const { credentials } = this.#options;
    if (credentials !== undefined) {
      this.#actions.send(encodeCommand("HELLO", encodeCredentials(credentials.username, credentials.password)));
    } else if (!this.#isServer) {
      this.#introduce("READY");
    }
    return chunk.subarray(missing);
  }

  /** Takes a command of the peer. @throws `COC_ZMTP_PROTOCOL`, `COC_ZMTP_REFUSED` */
  command(name: string, data: Buffer): void {
    if (name === "ERROR") {
      throw new ZmtpError("COC_ZMTP_REFUSED", `the peer refused the connection: ${data.toString("utf8", 1)}`);
    }
    if (name !== this.#expected) {
      throw new ZmtpError("COC_ZMTP_PROTOCOL", `the command ${JSON.stringify(name)} where ${this.#expected} was due`);
    }
    switch (name) {
      case "HELLO":
        return this.#authenticate(data);
      case "WELCOME":
        this.#expected = "READY";
        return this.#introduce("INITIATE");
      case "INITIATE":
        this.#introduce("READY");
        return this.#meet(data);
      case "READY":
        return this.#meet(data);
    }
  }

  /** Tells the peer why it is not let in. @returns the error to end the connection with. */
  refuse(reason: string): ZmtpError {
    this.#actions.send(encodeError(reason));
    return new ZmtpError("COC_ZMTP_REFUSED", `the peer was refused: ${reason}`);
  }

  #authenticate(data: Buffer): void {
    const { username, password } = decodeCredentials(data);
    if (this.#options.authenticate?.(username, password) !== true) throw this.refuse("access denied");
    this.#expected = "INITIATE";
    this.#actions.send(encodeCommand("WELCOME"));
  }

  #introduce(command: "READY" | "INITIATE"): void {
    const { socketType, routingId } = this.#options;
    this.#actions.send(encodeCommand(command, encodeMetadata(socketType, routingId)));
  }

  #meet(data: Buffer): void {
    const metadata = decodeMetadata(data);
    const type = metadata.get("socket-type")?.toString("latin1") ?? "none";
    const { compatible, socketType } = this.#options;
    if (!compatible.includes(type)) throw this.refuse(`a ${type.slice(0, 32)} cannot talk to a ${socketType}`);
    if ((metadata.get("identity")?.length ?? 0) > 255) throw this.refuse("a routing id has 255 bytes at the most");
    this.#actions.done(metadata);
  }
}
