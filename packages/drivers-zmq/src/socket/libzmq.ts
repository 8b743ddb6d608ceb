import { type Logger, messageOf } from "@cocaine/core/plugin";
import type { Frame } from "@cocaine/zmtp";
import { type Credentials, readCredentials } from "./credentials.ts";
import { LibzmqLink } from "./libzmq-link.ts";
import { Sender } from "./libzmq-sender.ts";
import { attach, type LibzmqSocket, makeSocket } from "./libzmq-socket.ts";
import { createLinks } from "./links.ts";
import { released } from "./probe.ts";
import type { SocketRules } from "./spec.ts";
import type { Wire, WireEvents } from "./wire.ts";
import type { Zap } from "./zap.ts";

/** Milliseconds that what waits has to be sent when the socket is closed. */
const FLUSH = 1000;
const EMPTY = new Uint8Array(0);

/** A socket of libzmq, by the `zeromq` addon: any type, CURVE. */
export function libzmqWire(task: string, rules: SocketRules, events: WireEvents, zap: Zap, log: Logger): Wire {
  const { type, limits } = rules;
  let socket: LibzmqSocket | undefined;
  let credentials: Credentials | undefined;
  let endpoints: string[] = [];
  let paused = false;
  let closed = false;
  /** A REP socket takes no request before it has answered the last. */
  let owing = false;
  /** What had been read when the pause came. */
  let late: Uint8Array[] | undefined;
  let wake: (() => void) | undefined;
  let closing: Promise<void> | undefined;

  const sender = new Sender({
    async send(link, frames) {
      if (socket === undefined || !("send" in socket)) throw new Error(`a ${type} socket cannot send`);
      await socket.send(type === "router" ? [link.routingId, ...frames] : (frames as Frame[]));
    },
    sent() {
      owing = false;
      wake?.();
    },
    lost: (link) => links.end(link),
    failed: (link, error) => links.end(link, error),
  });

  const links = createLinks(
    (routingId) =>
      new LibzmqLink(
        {
          hwm: rules.hwm,
          wake: (link) => sender.wake(link),
          drained: events.drained,
          end: (link, error) => links.end(link, error),
          resumed(link) {
            for (let frames = link.take(); frames !== undefined; frames = link.take()) {
              events.message(link, frames);
              if (link.paused) return;
            }
            wake?.();
          },
        },
        routingId,
      ),
    events,
  );

  /** Whether nothing is to be read now. */
  const held = (): boolean => paused || owing || (type !== "router" && links.only().paused);

  function deliver(frames: Uint8Array[]): void {
    const link = type === "router" ? links.of(frames.shift() ?? EMPTY) : links.only();
    if (frames.length > limits.frames) {
      events.refused(link.remote, new Error(`a message of more than ${limits.frames} frames (limits.frames)`));
      if (type === "rep") link.send([EMPTY]);
      return;
    }
    owing = type === "rep";
    if (link.paused) link.keep(frames);
    else events.message(link, frames);
  }

  async function read(from: LibzmqSocket): Promise<void> {
    while (!closed) {
      if (held()) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else if (late !== undefined) {
        const frames = late;
        late = undefined;
        deliver(frames);
      } else {
        late = await from.receive();
      }
    }
  }

  async function open(): Promise<void> {
    try {
      credentials = await readCredentials(task, rules, zap, log);
      socket = await makeSocket(rules, credentials);
      endpoints = await attach(task, socket, rules);
    } catch (error) {
      socket?.close();
      credentials?.leave();
      socket = undefined;
      throw error;
    }
    read(socket).catch((error: unknown) => {
      // Closing a socket ends what waits to be read from it.
      if (!closed) events.failed(error instanceof Error ? error : new Error(messageOf(error)));
    });
  }

  async function close(): Promise<void> {
    closed = true;
    wake?.();
    links.endAll();
    await sender.stop(FLUSH);
    socket?.close();
    credentials?.leave();
    for (const endpoint of rules.bind ? endpoints : []) await released(endpoint);
  }

  return {
    open,
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      wake?.();
    },
    async release() {
      // Those who wait for an answer are told that the task ends; who else sends finds the next socket.
      if (type !== "router" && type !== "pair") this.pause();
    },
    close() {
      closing ??= close();
      return closing;
    },
    info: () => ({
      endpoints: [...endpoints],
      ...(type === "router" && { clients: links.size }),
      ...(credentials && { curve: { "public-key": credentials.publicKey, denied: credentials.denied } }),
    }),
  };
}
