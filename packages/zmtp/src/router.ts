import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { Connection } from "./connection.ts";
import type { Frame } from "./encoder.ts";
import { parseEndpoint } from "./endpoint.ts";
import { ZmtpError } from "./errors.ts";
import type { Heartbeat } from "./heartbeat.ts";
import { type Limits, limitsOf } from "./limits.ts";
import { type Listener, listen } from "./listener.ts";

/** A connected peer of a router. */
export interface Peer {
  /** The id it gave itself, or a generated one: 5 bytes that begin with 0, as libzmq makes them. */
  readonly routingId: Uint8Array;
  /** Its address, for people. */
  readonly remote: string;
  /** Whatever the owner of the router keeps with this peer; found without a look-up for each message. */
  data: unknown;
  /**
   * Sends a message with all others of this turn of the loop.
   *
   * @returns `false` above the high-water mark: the message is queued, `onDrain` tells when it is below again. Also
   * `false` when the peer is gone: the message is dropped, as a ROUTER does.
   */
  send(frames: readonly Frame[]): boolean;
  /**
   * Stops reading from it; the pressure reaches it through its own high-water mark. Messages of what was read already,
   * 64 KiB at the most, still come. It hears no answer to its PING meanwhile.
   */
  pause(): void;
  resume(): void;
  close(): void;
}

export interface RouterOptions {
  /**
   * A message. Frames are views of what was received: one that is kept keeps all of the read it came in, 64 KiB at the
   * most for a short one. It must not throw: the peer would be disconnected.
   */
  onMessage(peer: Peer, frames: Uint8Array[]): void;
  /** The handshake is done. */
  onConnect?(peer: Peer): void;
  /** `error` unless the peer just left. */
  onDisconnect?(peer: Peer, error?: Error): void;
  /** A peer that was above its high-water mark can be sent to again. */
  onDrain?(peer: Peer): void;
  /** A connection was turned away before it was a peer, or could not be taken. */
  onRefused?(remote: string, error: Error): void;
  /** Lets a peer in by its routing id, before any message is taken. One that is connected already is always refused. */
  accept?(routingId: Uint8Array): boolean;
  /** Asks for credentials by the mechanism PLAIN; else NULL is spoken. */
  readonly plain?: { authenticate(username: string, password: string): boolean };
  readonly limits?: Limits;
  /** Bytes that may wait for one peer before `send()` says `false`. @defaultValue 1,048,576 */
  readonly highWaterMark?: number;
  /** Asks silent peers whether they live. @defaultValue none; PING is always answered */
  readonly heartbeat?: Heartbeat;
}

/** The ROUTER socket of ZeroMQ (RFC 28), bound. */
export interface Router {
  /**
   * Listens on `tcp://…` or `ipc://…`, see `parseEndpoint`.
   *
   * @returns the real endpoint. @throws `COC_ZMTP_ENDPOINT`, `COC_ZMTP_ADDRESS_IN_USE`
   */
  bind(endpoint: string): Promise<string>;
  /** Listens there no more; peers that came through it stay. */
  unbind(endpoint: string): Promise<void>;
  /** Stops reading from all peers, also from those yet to come. */
  pause(): void;
  resume(): void;
  /** Connected peers. */
  readonly peers: number;
  /** Sends what is queued, within a second, and ends all. May be called twice. */
  close(): Promise<void>;
}

const COMPATIBLE = ["REQ", "DEALER", "ROUTER"];

export function createRouter(options: RouterOptions): Router {
  const limits = limitsOf(options.limits);
  const highWaterMark = options.highWaterMark ?? 1_048_576;
  const listeners = new Map<string, Listener>();
  const connections = new Set<Connection>();
  const peers = new Map<string, Peer>();
  let paused = false;
  let closed = false;
  let closing: Promise<void> | undefined;
  let emptied: (() => void) | undefined;

  const accept = (socket: Socket): void => {
    if (closed) {
      socket.destroy();
      return;
    }
    if (connections.size >= limits.connections) {
      options.onRefused?.(
        remoteOf(socket),
        new ZmtpError("COC_ZMTP_LIMIT", `more than ${limits.connections} connections`),
      );
      socket.destroy();
      return;
    }
    const remote = remoteOf(socket);
    let peer: Peer | undefined;
    let key = "";
    const { plain, heartbeat } = options;
    const handshake = {
      socketType: "ROUTER",
      compatible: COMPATIBLE,
      ...(plain && { authenticate: (username: string, password: string) => plain.authenticate(username, password) }),
    };
    const connection: Connection = new Connection(
      socket,
      { handshake, limits, highWaterMark, heartbeat },
      {
        ready(metadata) {
          const given = metadata.get("identity");
          const routingId = given === undefined || given.length === 0 ? unusedId() : Uint8Array.from(given);
          key = keyOf(routingId);
          if (peers.has(key) || options.accept?.(routingId) === false) return false;
          peer = peerOf(connection, routingId, remote);
          peers.set(key, peer);
          options.onConnect?.(peer);
          return true;
        },
        // Called in `ready` only, when there is a peer.
        message: (frames) => options.onMessage(peer as Peer, frames),
        drain: () => options.onDrain?.(peer as Peer),
        closed(error) {
          connections.delete(connection);
          if (peer !== undefined) {
            peers.delete(key);
            options.onDisconnect?.(peer, error);
          } else if (error !== undefined) options.onRefused?.(remote, error);
          if (connections.size === 0) emptied?.();
        },
      },
    );
    connections.add(connection);
    if (paused) connection.pause("socket");
  };
  const failed = (error: Error): void => options.onRefused?.("unknown", error);
  /** As libzmq makes them: 0, which no peer's own begins with, and 4 more bytes. */
  const unusedId = (): Uint8Array => {
    for (;;) {
      const id = Uint8Array.from(randomBytes(5));
      id[0] = 0;
      if (!peers.has(keyOf(id))) return id;
    }
  };
  const close = async (): Promise<void> => {
    closed = true;
    const ended = [...listeners.values()].map((listener) => listener.close());
    listeners.clear();
    for (const connection of connections) connection.close();
    if (connections.size > 0) await new Promise<void>((resolve) => (emptied = resolve));
    await Promise.all(ended);
  };

  return {
    async bind(endpoint) {
      if (closed) throw new ZmtpError("COC_ZMTP_CLOSED", "the router is closed");
      const listener = await listen(parseEndpoint(endpoint), { accept, failed });
      if (closed) {
        await listener.close();
        throw new ZmtpError("COC_ZMTP_CLOSED", "the router was closed while it bound");
      }
      listeners.set(listener.endpoint, listener);
      return listener.endpoint;
    },
    async unbind(endpoint) {
      const listener = listeners.get(endpoint);
      if (listener === undefined) throw new ZmtpError("COC_ZMTP_ENDPOINT", `the router is not bound to ${endpoint}`);
      listeners.delete(endpoint);
      // Ends when its connections have; those go on.
      void listener.close();
    },
    pause() {
      paused = true;
      for (const connection of connections) connection.pause("socket");
    },
    resume() {
      paused = false;
      for (const connection of connections) connection.resume("socket");
    },
    get peers() {
      return peers.size;
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}

function peerOf(connection: Connection, routingId: Uint8Array, remote: string): Peer {
  return {
    routingId,
    remote,
    data: undefined,
    send: (frames) => connection.send(frames),
    pause: () => connection.pause("peer"),
    resume: () => connection.resume("peer"),
    close: () => connection.close(),
  };
}

function keyOf(routingId: Uint8Array): string {
  return Buffer.from(routingId.buffer, routingId.byteOffset, routingId.length).toString("latin1");
}

function remoteOf(socket: Socket): string {
  return socket.remoteAddress === undefined ? "local" : `${socket.remoteAddress}:${socket.remotePort}`;
}
