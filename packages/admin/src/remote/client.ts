import { createError, messageOf } from "@cocaine/core/plugin";
import { createDealer } from "@cocaine/zmtp";
import { type AdminClient, createAdminClient, type Transport, type TransportOwner } from "../client/client.ts";
import { fingerprintOf, type PrivateJwk, parsePublicKey } from "../keys/jwk.ts";
import type { Header } from "../wire.ts";
import { hashOf, readReply, requestOf, SKEW } from "./claims.ts";
import { type Correspondent, createTokens, type Tokens } from "./tokens.ts";

export interface RemoteClientOptions {
  /** `tcp://host:port` or `ipc:///path` of the node. */
  readonly endpoint: string;
  /** The user's own key. */
  readonly key: PrivateJwk;
  /** Fingerprint of the node's key, as `cocaine keys fingerprint` tells it there. */
  readonly pin: string;
  /** Milliseconds that finding the node may take. @defaultValue 5000 */
  readonly timeout?: number;
}

/** Bytes of a body at the most. */
const BODY_LIMIT = 1_572_864;

/**
 * Makes a client of the endpoint of remote administration of a node. Beside what all clients throw, its `start()` throws
 * `COC_ADMIN_PIN` if the node has another key, and `COC_ADMIN_CLOCK` if the clocks of the two differ by too much. A request
 * that the node refuses fails with `COC_ADMIN_REFUSED`.
 */
export function createRemoteClient(options: RemoteClientOptions): AdminClient {
  return createAdminClient(createRemoteTransport(options));
}

/** A request whose replies are waited for. */
interface Open {
  /** Hash of its token, as soon as that is made. */
  hash: string;
  /** Number of the reply that is next. */
  next: number;
  /** Number of the follow-up that was sent last. */
  followed: number;
}

function createRemoteTransport({ endpoint, key, pin, timeout = 5000 }: RemoteClientOptions): Transport {
  const open = new Map<string, Open>();
  let tokens: Tokens | undefined;
  let node: Correspondent | undefined;
  let owner: TransportOwner | undefined;
  let greeted: ((text: string) => void) | undefined;
  // Tokens are made and read in turn, so that requests and replies keep their order.
  let sending: Promise<void> = Promise.resolve();
  let receiving: Promise<void> = Promise.resolve();

  const lose = (error: Error): void => owner?.lost(error);

  const dealer = createDealer({
    reconnect: false,
    heartbeat: { interval: 10_000, timeout: 30_000 },
    onMessage(frames) {
      const [id = "", token = ""] = frames.map((frame) => Buffer.from(frame).toString("latin1"));
      if (id === HELLO) return greeted?.(Buffer.from(frames[1] ?? []).toString());
      receiving = receiving.then(() => receive(id, token)).catch((error: unknown) => lose(foul(error)));
    },
    onDisconnect: () =>
      lose(createError("COC_ADMIN_LOST", `the node at ${endpoint} went away before it had answered: see its log`)),
  });

  async function receive(id: string, token: string): Promise<void> {
    const request = open.get(id);
    if (request === undefined) return;
    if (token === "") {
      open.delete(id);
      owner?.failed(id, refused());
      return;
    }
    const { fingerprint, publicKey } = tokens as Tokens;
    const { claims } = await (tokens as Tokens).open(token, async (sender) =>
      sender === node?.fingerprint ? node : undefined,
    );
    const reply = readReply(claims);
    if (reply === undefined || reply.iss !== node?.fingerprint || reply.aud !== fingerprintOf(publicKey)) {
      throw new Error("it is of another node, or for another user");
    }
    if (reply.rjti !== id || reply.rhash !== request.hash)
      throw new Error(`it answers another request than ${fingerprint}'s`);
    if (reply.seq !== request.next) throw new Error(`it is number ${reply.seq}, not ${request.next}`);
    request.next++;
    if (reply.kind !== "item" && reply.kind !== "bytes") open.delete(id);
    owner?.answer(id, reply.kind, reply.kind === "bytes" ? Buffer.from(String(reply.value), "base64url") : reply.value);
  }

  function foul(cause: unknown): Error {
    const message = `a reply that came from ${endpoint} is not the node's (${messageOf(cause)}): somebody may be in between`;
    return createError("COC_ADMIN_PROTOCOL", message, { cause });
  }

  function refused(): Error {
    const message = `the node at ${endpoint} refused the request: its log says why. Is the key ${tokens?.fingerprint} added there (\`cocaine keys ls\` on its machine), and not revoked, and does the node reach its storage?`;
    return createError("COC_ADMIN_REFUSED", message);
  }

  /** Asks for the node's key, which has to be the one that is pinned. */
  async function greet(): Promise<Correspondent> {
    let timer: NodeJS.Timeout | undefined;
    const told = await new Promise<string>((resolve, reject) => {
      greeted = resolve;
      timer = setTimeout(() => reject(silent(endpoint, timeout)), timeout);
      dealer.send([HELLO, HELLO]);
    }).finally(() => clearTimeout(timer));
    const { keys, time } = parseGreeting(told);
    const jwk = parsePublicKey(keys[0]);
    const fingerprint = fingerprintOf(jwk);
    if (fingerprint !== pin) {
      const message = `the node at ${endpoint} has the key ${fingerprint}, and ${pin} is pinned: somebody may be in between. If the node has a new key, compare with \`cocaine keys fingerprint\` there, and pin that`;
      throw createError("COC_ADMIN_PIN", message);
    }
    const skew = Math.round(Date.now() / 1000 - time);
    if (Math.abs(skew) < SKEW) return { fingerprint, jwk };
    const message = `the clock of this machine is ${Math.abs(skew)} s ${skew > 0 ? "ahead of" : "behind"} that of the node at ${endpoint}, and ${SKEW} s are allowed: set the clocks`;
    throw createError("COC_ADMIN_CLOCK", message);
  }

  function parseGreeting(text: string): { readonly keys: readonly unknown[]; readonly time: number } {
    try {
      const { keys, time } = JSON.parse(text) as { readonly keys?: unknown; readonly time?: unknown };
      if (Array.isArray(keys) && typeof time === "number") return { keys, time };
    } catch {
      // Told below.
    }
    const message = `what listens on ${endpoint} does not speak the protocol of administration: is that the node's \`admin\` endpoint?`;
    throw createError("COC_ADMIN_PROTOCOL", message);
  }

  return {
    bodyLimit: BODY_LIMIT,
    async start(told) {
      tokens = await createTokens(key);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(silent(endpoint, timeout)), timeout);
      });
      try {
        await Promise.race([dealer.connect(endpoint), late]).catch((cause: unknown) => {
          const message = `no node answers at ${endpoint} (${messageOf(cause)}): is it up, and is that its \`admin\` endpoint?`;
          throw createError("COC_ADMIN_UNREACHABLE", message, { cause });
        });
        node = await greet();
        owner = told;
      } catch (error) {
        await dealer.close();
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
    send(id, header: Header, body) {
      const request = open.get(id) ?? { hash: "", next: 0, followed: 0 };
      const follows = !("action" in header);
      const claimed = follows ? { ...header, seq: ++request.followed } : header;
      open.set(id, request);
      if ("cancel" in header) open.delete(id);
      sending = sending
        .then(async () => {
          const { fingerprint, seal } = tokens as Tokens;
          const to = node as Correspondent;
          const token = await seal(requestOf(fingerprint, to.fingerprint, id, claimed, body), to);
          if (!follows) request.hash = hashOf(token);
          dealer.send([id, token]);
        })
        .catch((error: unknown) => lose(foul(error)));
    },
    async close() {
      await sending;
      await dealer.close();
    },
  };
}

const HELLO = "hello";

function silent(endpoint: string, timeout: number): Error {
  return createError("COC_ADMIN_UNREACHABLE", `the node at ${endpoint} did not answer within ${timeout / 1000} s`);
}
