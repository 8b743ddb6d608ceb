import type { CocaineError, Driver, DriverContext } from "@cocaine/core/plugin";
import { createRouter, type Peer } from "@cocaine/zmtp";
import { bindError } from "./bind.ts";
import { Client, type ClientRules } from "./client.ts";
import { delimiterOf } from "./envelope.ts";
import { Exchange } from "./exchange.ts";
import { closing, EMPTY, failureFrames, noDelimiter } from "./failure.ts";
import type { ServerOptions } from "./options.ts";
import { Tally } from "./tally.ts";

/** Makes the driver `server+zmq`: a ROUTER socket whose messages are jobs. */
export function createServer(options: ServerOptions, context: DriverContext): Driver {
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
    task,
    replyLimit: limits.reply,
    stallMs: limits.stall * 1000,
    tally,
    paused: () => paused,
    settled() {
      if (tally.running === 0) drained?.();
    },
    stuck({ peer }) {
      log.warn(
        { remote: peer.remote, seconds: limits.stall },
        "A client that did not read its replies was disconnected",
      );
      peer.close();
    },
  };

  const router = createRouter({
    limits: { frame: limits.message, message: limits.message, frames: limits.frames, connections: limits.connections },
    highWaterMark: options.hwm,
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
    onMessage,
  });

  /** The hot path: one object a message. */
  function onMessage(peer: Peer, frames: Uint8Array[]): void {
    const client = clientOf(peer);
    const at = frames[0]?.length === 0 ? 0 : delimiterOf(frames);
    if (at < 0) return refuse(client, [EMPTY], noDelimiter());
    if (draining) return refuse(client, frames.slice(0, at + 1), closing(task));
    const exchange = new Exchange(client, at === 0 ? undefined : frames.slice(0, at + 1));
    client.asked(exchange);
    const whole = frames.length <= at + 2;
    const handle = context.trigger({ chunk: frames[at + 1], end: whole }, exchange);
    exchange.begin(handle, whole ? undefined : frames, at + 2);
  }

  /** Answers a message that does not become a job. */
  function refuse(client: Client, envelope: Uint8Array[], error: CocaineError): void {
    tally.refused++;
    log.debug({ code: error.code, refused: tally.refused }, error.message);
    client.send([...envelope, ...failureFrames(error)]);
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
