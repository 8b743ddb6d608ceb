import type { CocaineError, Driver, DriverContext } from "@cocaine/core/plugin";
import { createRouter, type Frame, type Peer } from "@cocaine/zmtp";
import { bindError } from "./bind.ts";
import { Client, type ClientRules, type Pairs } from "./client.ts";
import { readEnvelope } from "./envelope.ts";
import { Exchange } from "./exchange.ts";
import { badRequest, closing, failureFrame, headOf, lsdCodeOf, tooLate } from "./failure.ts";
import type { LsdServerOptions } from "./options.ts";
import { Tally } from "./tally.ts";

const EMPTY = new Uint8Array(0);
/** The route of a client that is behind no proxy: the delimiter alone. */
const ALONE: readonly Uint8Array[] = [EMPTY];

/** Milliseconds between two PINGs: a client hears by them that the server lives, also while it is not read from. */
const PING_INTERVAL = 1000;

/** Makes the driver `server+lsd`: a ROUTER socket whose messages are pairs of envelope and body, each of them a job. */
export function createServer(options: LsdServerOptions, context: DriverContext): Driver {
  const { log, task } = context;
  const { limits } = options;
  const tally = new Tally();
  const clients = new Set<Client>();
  const endpoints: string[] = [];
  let paused = false;
  let draining = false;
  let drained: (() => void) | undefined;
  let closed: Promise<void> | undefined;

  const rules: ClientRules = {
    stallMs: limits.stall * 1000,
    tally,
    paused: () => paused,
    take,
    settled() {
      if (tally.running === 0) drained?.();
    },
    stuck({ peer }) {
      log.warn({ remote: peer.remote, seconds: limits.stall }, "A client that did not read was disconnected");
      peer.close();
    },
  };

  const router = createRouter({
    limits: { frame: limits.message, message: limits.message, frames: limits.frames, connections: limits.connections },
    highWaterMark: options.hwm,
    heartbeat: {
      interval: PING_INTERVAL,
      timeout: limits.silence > 0 ? limits.silence * 1000 : Number.POSITIVE_INFINITY,
    },
    onConnect(peer) {
      const client = new Client(peer, rules);
      peer.data = client;
      clients.add(client);
    },
    onDisconnect(peer, error) {
      if (error) log.info({ remote: peer.remote, err: error }, "A client was disconnected");
      const client = clientOf(peer);
      clients.delete(client);
      client.leave("the client disconnected");
    },
    onRefused: (remote, error) => log.debug({ remote, err: error }, "A connection was refused"),
    onDrain: (peer) => clientOf(peer).drained(),
    onMessage(peer, frames) {
      const client = clientOf(peer);
      const at = frames.findIndex((frame) => frame.length === 0);
      // A view of what was received, be it empty, would keep all of that while the job runs.
      const route = at > 0 ? frames.slice(0, at + 1) : ALONE;
      if (at < 0) refuse(client, route, "", badRequest("the message has no empty delimiter frame"));
      else if (at === frames.length - 1) refuse(client, route, "", badRequest("the message has no envelope"));
      else client.received({ route, frames, at: at + 1 });
    },
  });

  function take(client: Client, pairs: Pairs): void {
    const { route, frames, at } = pairs;
    const envelope = readEnvelope(frames[at] ?? EMPTY, limits.envelope);
    const body = frames[at + 1];
    pairs.at += 2;
    if ("why" in envelope) return refuse(client, route, envelope.uuid, badRequest(envelope.why));
    if (body === undefined) return refuse(client, route, envelope.uuid, badRequest("the envelope has no body"));
    if (draining) return refuse(client, route, envelope.uuid, closing(task));
    const deadline = envelope.deadline * 1000;
    if (deadline > 0 && deadline <= Date.now()) return refuse(client, route, envelope.uuid, tooLate(task, deadline));
    const exchange = new Exchange(client, route, envelope);
    client.asked(exchange);
    const { urgent } = envelope;
    exchange.handle = context.trigger({ chunk: body, urgent, deadline: exchange.deadline }, exchange);
  }

  /** Answers what does not become a job. */
  function refuse(client: Client, route: readonly Frame[], uuid: string, error: CocaineError): void {
    tally.refused++;
    log.debug({ code: error.code, uuid, refused: tally.refused }, error.message);
    client.send([...route, failureFrame(headOf(uuid), lsdCodeOf(error, true), error)]);
  }

  /** Reads from all clients that can be read from, or from none. */
  function setPaused(value: boolean): void {
    paused = value;
    if (paused) router.pause();
    else router.resume();
    for (const client of clients) client.read();
  }

  async function unbind(): Promise<void> {
    for (const endpoint of endpoints.splice(0)) await router.unbind(endpoint);
  }

  return {
    async start() {
      for (const endpoint of options.endpoint) {
        try {
          endpoints.push(await router.bind(endpoint));
        } catch (error) {
          await router.close();
          throw bindError(task, endpoint, error);
        }
      }
    },
    pause: () => setPaused(true),
    resume: () => setPaused(false),
    async drain() {
      draining = true;
      // From now on the address is free, for the server that comes after this one.
      await unbind();
      if (tally.running === 0) return;
      await new Promise<void>((resolve) => {
        drained = resolve;
      });
    },
    close() {
      draining = true;
      closed ??= router.close();
      return closed;
    },
    info: () => ({ endpoints: [...endpoints], clients: clients.size, ...tally }),
  };
}

/** The client of a peer, which it is given when it connects. */
function clientOf(peer: Peer): Client {
  return peer.data as Client;
}
