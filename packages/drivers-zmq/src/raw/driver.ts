import type { ZmqPeer } from "../driver/definition.ts";
import { zmqDriver } from "../driver/zmq-driver.ts";
import { WholeReply } from "../server/reply.ts";
import { type RawOptions, rawOptions } from "./options.ts";

/** Types that only receive: answers go to the app's feed. */
const ONE_WAY: readonly RawOptions["socket"][] = ["pull", "sub"];

/**
 * Makes the driver `raw+zmq`: one ZeroMQ socket whose messages are jobs, each frame a chunk of the request.
 *
 * PULL and SUB: the answer goes to the app's feed. REP, ROUTER and PAIR: the answer goes back, in one message, each
 * chunk a frame; a response without chunks is one empty frame, a failure an empty frame and JSON `{code, message}`.
 * A ROUTER answers whoever asked; the worker finds its routing id in hexadecimal as `identity` of the metadata `zmq`.
 *
 * `start()` rejects with `COC_ZMQ_ADDRESS_IN_USE`, `COC_ZMQ_ENDPOINT` or `COC_ZMQ_KEY`.
 */
export function rawZmqDriver() {
  return zmqDriver({
    name: "raw+zmq",
    options: rawOptions,
    // Nobody hears that a message was refused, so what the queue has no room for waits with its sender.
    policy: ({ socket }) =>
      ONE_WAY.includes(socket) ? { overflow: "block", "stall-timeout": 60 } : { "stall-timeout": 60 },
    socket: ({ socket, ...rest }) => ({ type: socket, ...rest }),
    onMessage(frames, peer) {
      const [chunk] = frames;
      const rest = frames.length > 1 ? frames.slice(1) : undefined;
      const request = { chunk, end: rest === undefined, ...identityOf(peer) };
      if (ONE_WAY.includes(peer.options.socket)) {
        void peer.publish(request, rest);
      } else {
        const reply = new WholeReply(peer, [], peer.options.limits.reply);
        reply.job = peer.trigger(request, reply, rest);
      }
    },
  });
}

function identityOf({ routingId }: ZmqPeer) {
  return routingId.length > 0 && { metadata: { zmq: { identity: Buffer.from(routingId).toString("hex") } } };
}
