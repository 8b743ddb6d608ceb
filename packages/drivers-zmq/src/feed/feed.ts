import type { FeedSocket, Logger, OpenFeed } from "@cocaine/core/plugin";
import type { XPublisher } from "zeromq";
import { released } from "../socket/probe.ts";
import { Backlog } from "./backlog.ts";
import { bindPublisher } from "./bind.ts";
import { createDropReport } from "./drops.ts";
import { followSubscriptions } from "./subscriptions.ts";

/** Milliseconds that what was published last has to reach its subscribers after `close()`. */
const LINGER = 200;

export interface ZmqFeedOptions {
  /**
   * Messages that wait for the socket at most, after which the oldest are dropped.
   * @defaultValue 10000
   */
  readonly backlog?: number;
  /**
   * Bytes that wait for the socket at most, after which the oldest are dropped.
   * @defaultValue 67108864 (64 MiB)
   */
  readonly backlogBytes?: number;
  /**
   * Messages that wait for one subscriber at most (ZMQ_SNDHWM); those that it is too slow for, it does not get.
   * @defaultValue 1000
   */
  readonly hwm?: number;
}

/**
 * Makes the function that opens feeds: a ZeroMQ publisher each, on libzmq, so every SUB socket can subscribe. It is an
 * XPUB socket, which is a PUB socket that tells what subscribers ask for: a message that nobody asks for costs nothing.
 * A message has two frames, envelope and body, both UTF-8 text; subscriptions match the start of the envelope.
 *
 * The native `zeromq` addon is loaded when the first feed is opened.
 *
 * What it returns rejects with `COC_FEED_ADDRESS_IN_USE` when another socket has the endpoint, and with
 * `COC_FEED_ENDPOINT` when the endpoint cannot be bound at all.
 *
 * @example
 * ```ts
 * const host = createHost({ registry, runtimeDir, openFeed: zmqFeed() });
 * ```
 */
export function zmqFeed(options: ZmqFeedOptions = {}): OpenFeed {
  const { backlog = 10_000, backlogBytes = 64 * 1024 * 1024, hwm = 1000 } = options;
  return async (endpoint, log) => {
    const { XPublisher } = await import("zeromq");
    const socket = new XPublisher({ linger: LINGER, sendHighWaterMark: hwm });
    const real = await bindPublisher(socket, endpoint);
    return openFeed(socket, real, new Backlog(backlog, backlogBytes), log);
  };
}

/** Publishes through a backlog, since the addon's `send()` takes one message at a time. */
function openFeed(socket: XPublisher, endpoint: string, backlog: Backlog, log: Logger): FeedSocket {
  const drops = createDropReport(log, endpoint);
  const subscriptions = followSubscriptions(socket, log);
  let pump: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  async function send(): Promise<void> {
    for (let message = backlog.shift(); message; message = backlog.shift()) {
      try {
        await socket.send(message);
      } catch (error) {
        log.warn({ endpoint, err: error }, "A message of the feed could not be sent");
      }
    }
    pump = undefined;
  }

  async function close(): Promise<void> {
    await pump;
    drops.close();
    socket.close();
    await released(endpoint);
  }

  return {
    endpoint,
    publish(envelope, body) {
      if (closing || !subscriptions.match(envelope)) return;
      drops.add(backlog.push([envelope, body]));
      pump ??= send();
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}
