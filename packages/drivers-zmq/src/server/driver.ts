import { zmqDriver } from "../driver/zmq-driver.ts";
import { delimiterOf } from "./envelope.ts";
import { EMPTY, failureFrames, noDelimiter } from "./failure.ts";
import { serverOptions } from "./options.ts";
import { streamedReply, WholeReply } from "./reply.ts";

const DELIMITER = [EMPTY];

/**
 * Makes the driver `server+zmq`: a ZeroMQ server that every REQ, DEALER or proxied client can ask.
 *
 * In: `[route…, "", request chunk…]`. Out: one message, the same envelope and the response's chunks as frames; a
 * response without chunks is one empty frame. With `stream`, a message a chunk and one of an empty frame to end.
 * Failure: the envelope, an empty frame, JSON `{code, message}`.
 * See ZeroMQ RFC 28 for the envelope, RFC 37 (ZMTP 3.1) for the wire and RFC 26 for CURVE.
 *
 * `start()` rejects with `COC_ZMQ_ADDRESS_IN_USE`, `COC_ZMQ_ENDPOINT` or `COC_ZMQ_KEY`.
 */
export function zmqServerDriver() {
  return zmqDriver({
    name: "server+zmq",
    options: serverOptions,
    policy: { "stall-timeout": 60 },
    socket: ({ endpoint, hwm, limits, curve }) => ({ type: "router", bind: endpoint, hwm, limits, curve }),
    /** The hot path: two small objects a message. */
    onMessage(frames, peer) {
      const at = frames[0]?.length === 0 ? 0 : delimiterOf(frames);
      if (at < 0) {
        const error = noDelimiter();
        return peer.refuse(error, [EMPTY, ...failureFrames(error)]);
      }
      const whole = frames.length <= at + 2;
      const request = { chunk: frames[at + 1], end: whole };
      const rest = whole ? undefined : frames;
      const envelope = at === 0 ? undefined : frames.slice(0, at + 1);
      if (peer.options.stream) {
        peer.trigger(request, streamedReply(peer, envelope ?? DELIMITER), rest, at + 2);
      } else {
        const reply = new WholeReply(peer, envelope, peer.options.limits.reply);
        reply.job = peer.trigger(request, reply, rest, at + 2);
      }
    },
    info: ({ stream }) => ({ stream }),
  });
}
