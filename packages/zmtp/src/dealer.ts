import { connect as connectSocket } from "node:net";
import { Connection } from "./connection.ts";
import type { Frame } from "./encoder.ts";
import { type Endpoint, parseEndpoint } from "./endpoint.ts";
import { ZmtpError } from "./errors.ts";
import type { Heartbeat } from "./heartbeat.ts";
import { type Limits, limitsOf } from "./limits.ts";

export interface DealerOptions {
  /** Frames are views of what was received; see `RouterOptions`. It must not throw. */
  onMessage(frames: Uint8Array[]): void;
  /** The handshake is done, the first time or again. */
  onConnect?(): void;
  /** The connection was lost, or an attempt to make one failed: then `error` says why. */
  onDisconnect?(error?: Error): void;
  /** Above the high-water mark before, and below it again. */
  onDrain?(): void;
  /** Names this socket to a ROUTER; up to 255 bytes. */
  readonly routingId?: Uint8Array | string;
  /** Credentials of the mechanism PLAIN; else NULL is spoken. */
  readonly plain?: { readonly username: string; readonly password: string };
  /** Milliseconds before the first and at most before each further attempt, exponential with jitter. @defaultValue `{ min: 100, max: 5000 }` */
  readonly reconnect?: false | { readonly min: number; readonly max: number };
  readonly limits?: Limits;
  /** Bytes that may wait before `send()` says `false`. @defaultValue 1,048,576 */
  readonly highWaterMark?: number;
  readonly heartbeat?: Heartbeat;
}

/** The DEALER socket of ZeroMQ (RFC 28), connected to one endpoint. */
export interface Dealer {
  /**
   * Connects, and with `reconnect` again whenever the connection is lost. Resolves after the first handshake.
   *
   * @throws without `reconnect`: `COC_ZMTP_CONNECT`, or `COC_ZMTP_REFUSED` if the peer did not let this socket in; its
   * cause says why. Always: `COC_ZMTP_ENDPOINT`, and `COC_ZMTP_CLOSED` when the dealer is closed first.
   */
  connect(endpoint: string): Promise<void>;
  /** `false` above the high-water mark, where the message is queued; and without a connection, where it is dropped. */
  send(frames: readonly Frame[]): boolean;
  pause(): void;
  resume(): void;
  /** Sends what is queued, within a second, and ends. May be called twice. */
  close(): Promise<void>;
}

const COMPATIBLE = ["ROUTER", "DEALER", "REP"];

/** @throws `COC_ZMTP_LIMIT` if the routing id is longer than 255 bytes. */
export function createDealer(options: DealerOptions): Dealer {
  const limits = limitsOf(options.limits);
  const highWaterMark = options.highWaterMark ?? 1_048_576;
  const reconnect = options.reconnect ?? { min: 100, max: 5000 };
  const routingId = typeof options.routingId === "string" ? Buffer.from(options.routingId) : options.routingId;
  if (routingId !== undefined && routingId.length > 255) {
    throw new ZmtpError("COC_ZMTP_LIMIT", `the routing id has ${routingId.length} bytes, 255 at the most`);
  }
  const handshake = {
    socketType: "DEALER",
    compatible: COMPATIBLE,
    routingId,
    credentials: options.plain,
  };
  let connection: Connection | undefined;
  let closed = false;
  let attempts = 0;
  let retry: NodeJS.Timeout | undefined;
  let paused = false;
  let waiting: { resolve(): void; reject(error: Error): void } | undefined;
  let ended: (() => void) | undefined;
  let closing: Promise<void> | undefined;

  const attempt = (endpoint: string, target: Endpoint): void => {
    retry = undefined;
    const socket = target.transport === "ipc" ? connectSocket(target.path) : connectSocket(target.port, target.host);
    connection = new Connection(
      socket,
      { handshake, limits, highWaterMark, heartbeat: options.heartbeat },
      {
        ready() {
          attempts = 0;
          options.onConnect?.();
          waiting?.resolve();
          return true;
        },
        message: (frames) => options.onMessage(frames),
        drain: () => options.onDrain?.(),
        closed(error) {
          connection = undefined;
          options.onDisconnect?.(error);
          ended?.();
          if (closed) return;
          if (reconnect === false) {
            const code = error?.code === "COC_ZMTP_REFUSED" ? error.code : "COC_ZMTP_CONNECT";
            const why = error?.message ?? "the peer closed it";
            waiting?.reject(new ZmtpError(code, `no connection to ${endpoint}: ${why}`, error));
            return;
          }
          const wait = Math.min(reconnect.max, reconnect.min * 2 ** Math.min(attempts++, 20));
          retry = setTimeout(() => attempt(endpoint, target), wait * (0.5 + Math.random() / 2));
        },
      },
    );
    if (paused) connection.pause("socket");
  };
  const close = async (): Promise<void> => {
    closed = true;
    clearTimeout(retry);
    waiting?.reject(new ZmtpError("COC_ZMTP_CLOSED", "the dealer was closed before it had connected"));
    if (connection === undefined) return;
    const over = new Promise<void>((resolve) => (ended = resolve));
    connection.close();
    await over;
  };

  return {
    async connect(endpoint) {
      if (closed) throw new ZmtpError("COC_ZMTP_CLOSED", "the dealer is closed");
      if (connection !== undefined || retry !== undefined)
        throw new ZmtpError("COC_ZMTP_CONNECT", "the dealer is connected already");
      const target = parseEndpoint(endpoint, "connect");
      await new Promise<void>((resolve, reject) => {
        waiting = { resolve, reject };
        attempt(endpoint, target);
      });
    },
    send: (frames) => connection?.send(frames) ?? false,
    pause() {
      paused = true;
      connection?.pause("socket");
    },
    resume() {
      paused = false;
      connection?.resume("socket");
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}
