import { setTimeout as wait } from "node:timers/promises";
import { type Logger, messageOf } from "@cocaine/core/plugin";
import type { Context, Reply } from "zeromq";
import { encodeZ85 } from "./z85.ts";

/** Where libzmq asks whether a peer may connect (ZeroMQ RFC 27). */
const ENDPOINT = "inproc://zeromq.zap.01";

/** How often the handler tries to bind, and milliseconds between. */
const TRIES = 500;
const PAUSE = 4;

/** Who may connect to one socket. */
export interface Door {
  /** Public keys in Z85, or `any`. */
  readonly allowed: ReadonlySet<string> | "any";
  readonly log: Logger;
  /** A peer was turned away. */
  denied(): void;
}

/** A socket's place with the handler. */
export interface ZapPlace {
  /** The context that the socket is to be made in. */
  readonly context: Context;
  /** ZMQ_ZAP_DOMAIN of the socket. */
  readonly domain: string;
  /** The socket is closed. */
  leave(): void;
}

/** The handler that the CURVE sockets of a plugin share. */
export interface Zap {
  /** Takes a socket's door in. The handler answers before this resolves, and until the last has left. */
  enter(door: Door): Promise<ZapPlace>;
}

/**
 * Makes a handler of ZAP. libzmq knows one for each context, so this has a context of its own, where nobody else's
 * handler is; the context is made when the first socket with CURVE is.
 */
export function createZap(): Zap {
  const doors = new Map<string, Door>();
  let context: Context | undefined;
  let socket: Promise<Reply> | undefined;
  let entered = 0;

  async function open(): Promise<Reply> {
    const { Context, Reply } = await import("zeromq");
    context ??= new Context();
    const reply = new Reply({ context, linger: 0 });
    try {
      await bind(reply);
    } catch (error) {
      reply.close();
      throw error;
    }
    void serve(reply, doors);
    return reply;
  }

  return {
    async enter(door) {
      const domain = `cocaine-${++entered}`;
      doors.set(domain, door);
      let reply: Reply;
      try {
        socket ??= open();
        reply = await socket;
      } catch (error) {
        doors.delete(domain);
        socket = undefined;
        throw error;
      }
      return {
        context: reply.context,
        domain,
        leave() {
          doors.delete(domain);
          if (doors.size > 0) return;
          socket = undefined;
          reply.close();
        },
      };
    },
  };
}

/** Binds; where another was closed just before, libzmq has the name free a moment later. */
async function bind(socket: Reply): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await socket.bind(ENDPOINT);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || tries === TRIES) throw error;
      await wait(PAUSE);
    }
  }
}

/** Answers as long as the socket is open. */
async function serve(socket: Reply, doors: ReadonlyMap<string, Door>): Promise<void> {
  for await (const request of socket) {
    const [, id = Buffer.alloc(0), domain = "", address = "", , mechanism = "", key] = request;
    const door = doors.get(String(domain));
    const known = String(mechanism) === "CURVE" && key?.length === 32 ? encodeZ85(key) : undefined;
    const granted = door !== undefined && known !== undefined && (door.allowed === "any" || door.allowed.has(known));
    if (!granted && door !== undefined) {
      door.denied();
      door.log.debug({ remote: String(address), key: known }, "A client was refused: its public key is not allowed");
    }
    const status = granted ? ["200", "OK"] : ["400", "the key is not allowed"];
    try {
      await socket.send(["1.0", id, ...status, granted ? known : "", ""]);
    } catch (error) {
      if (socket.closed) return;
      door?.log.warn({ reason: messageOf(error) }, "A client waits for its admission, which could not be sent");
    }
  }
}
