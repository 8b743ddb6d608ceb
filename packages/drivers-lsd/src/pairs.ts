import type { CocaineError } from "@cocaine/core/plugin";
import type { ZmqPeer } from "@cocaine/drivers-zmq";
import { Answer } from "./answer.ts";
import { type Envelope, readEnvelope } from "./envelope.ts";
import { badRequest, failureFrame, headOf, lsdCodeOf, tooLate } from "./failure.ts";
import type { LsdServerOptions } from "./options.ts";

type Peer = ZmqPeer<LsdServerOptions>;

const EMPTY = new Uint8Array(0);
/** The route of a client that is behind no proxy: the delimiter alone. */
const ALONE: readonly Uint8Array[] = [EMPTY];

/** Makes a job of each pair of a message: `[route…, "", envelope, body, envelope, body…]`. */
export function takePairs(frames: Uint8Array[], peer: Peer): void {
  const delimiter = frames.findIndex((frame) => frame.length === 0);
  // A view of what was received, be it empty, would keep all of that while the job runs.
  const route = delimiter > 0 ? frames.slice(0, delimiter + 1) : ALONE;
  if (delimiter < 0) return refuse(peer, route, "", badRequest("the message has no empty delimiter frame"));
  if (delimiter === frames.length - 1) return refuse(peer, route, "", badRequest("the message has no envelope"));
  for (let at = delimiter + 1; at < frames.length; at += 2) {
    if (!peer.flowing) return peer.keep([...route, ...frames.slice(at)]);
    takePair(peer, route, frames[at] as Uint8Array, frames[at + 1]);
  }
}

function takePair(peer: Peer, route: readonly Uint8Array[], head: Uint8Array, body: Uint8Array | undefined): void {
  const envelope = readEnvelope(head, peer.options.limits.envelope);
  if ("why" in envelope) return refuse(peer, route, envelope.uuid, badRequest(envelope.why));
  if (body === undefined) return refuse(peer, route, envelope.uuid, badRequest("the envelope has no body"));
  const deadline = envelope.deadline * 1000;
  if (deadline > 0 && deadline <= Date.now()) {
    return refuse(peer, route, envelope.uuid, tooLate(peer.task, deadline));
  }
  run(peer, route, envelope, body);
}

function run(peer: Peer, route: readonly Uint8Array[], envelope: Envelope, body: Uint8Array): void {
  const answer = new Answer(peer, route, envelope);
  peer.trigger({ chunk: body, urgent: envelope.urgent, deadline: answer.deadline }, answer);
}

/** Answers what does not become a job. */
function refuse(peer: Peer, route: readonly Uint8Array[], uuid: string, error: CocaineError): void {
  peer.refuse(error, [...route, failureFrame(headOf(uuid), lsdCodeOf(error, true), error)]);
}
