import type { Driver, DriverContext } from "@cocaine/core/plugin";
import { createWire } from "../socket/create.ts";
import { socketRules } from "../socket/spec.ts";
import type { Link, WireEvents } from "../socket/wire.ts";
import type { Zap } from "../socket/zap.ts";
import type { ZmqDefinition } from "./definition.ts";
import { Peer, type PeerRules } from "./peer.ts";
import { Tally } from "./tally.ts";

/** Makes the driver of one task: its socket, the peers of that and their jobs. */
export function createInstance<Options>(
  definition: ZmqDefinition<Options>,
  options: Options,
  context: DriverContext,
  zap: Zap,
): Driver {
  const { log, task } = context;
  const socket = socketRules(definition.socket(options));
  const tally = new Tally();
  const peers = new Set<Peer<Options>>();
  let paused = false;
  let draining = false;
  let drained: (() => void) | undefined;
  let closed: Promise<void> | undefined;

  const rules: PeerRules<Options> = {
    context,
    options,
    stallMs: socket.limits.stall * 1000,
    tally,
    paused: () => paused,
    draining: () => draining,
    received: (frames, peer) => definition.onMessage(frames, peer),
    settled() {
      if (tally.running === 0) drained?.();
    },
    stuck(link) {
      log.warn(
        { remote: link.remote, seconds: socket.limits.stall },
        "A client that did not read its replies was disconnected",
      );
      link.close();
    },
  };

  const events: WireEvents = {
    connected(link) {
      const peer = new Peer(link, rules);
      link.data = peer;
      peers.add(peer);
    },
    disconnected(link, error) {
      if (error) log.info({ remote: link.remote, err: error }, "A client was disconnected");
      const peer = peerOf<Options>(link);
      peers.delete(peer);
      peer.leave("the client disconnected");
    },
    drained: (link) => peerOf<Options>(link).drained(),
    message: (link, frames) => definition.onMessage(frames, peerOf<Options>(link)),
    refused: (remote, error) => log.debug({ remote, err: error }, "A connection was refused"),
    idle: (link) => peerOf<Options>(link).idle,
    failed: (error) => log.error({ err: error }, "The socket failed: nothing is read from it any more"),
  };

  const wire = createWire(task, socket, events, zap, log);

  /** Reads from all peers that can be read from, or from none. */
  function setPaused(value: boolean): void {
    paused = value;
    if (paused) wire.pause();
    else wire.resume();
    for (const peer of peers) peer.read();
  }

  return {
    start: () => wire.open(),
    pause: () => setPaused(true),
    resume: () => setPaused(false),
    async drain() {
      draining = true;
      await wire.release();
      if (tally.running === 0) return;
      await new Promise<void>((resolve) => {
        drained = resolve;
      });
    },
    close() {
      draining = true;
      closed ??= wire.close();
      return closed;
    },
    info: () => ({ ...definition.info?.(options), ...wire.info(), ...tally }),
  };
}

/** The peer of a link, which it is given when it connects. */
function peerOf<Options>(link: Link): Peer<Options> {
  return link.data as Peer<Options>;
}
