import { setTimeout as delay } from "node:timers/promises";
import { createError, type Logger, messageOf, type Storage } from "@cocaine/core/plugin";
import { createRouter, type Peer } from "@cocaine/zmtp";
import type { Node } from "../action.ts";
import { actions } from "../actions.ts";
import { dispatch, type Reply } from "../dispatch.ts";
import type { PrivateJwk } from "../keys/jwk.ts";
import type { UserKey } from "../keys/keys.ts";
import { suffices } from "../keys/roles.ts";
import { createSession } from "../session/session.ts";
import type { AnswerKind } from "../wire.ts";
import { type Asked, createRecorder } from "./asked.ts";
import type { Audit } from "./audit.ts";
import { createBudget } from "./budget.ts";
import { hashOf, type RequestClaims, readRequest, untimely } from "./claims.ts";
import { Connection, type Running, SESSIONS } from "./connection.ts";
import { createRefusals } from "./refusals.ts";
import { createSeen } from "./seen.ts";
import { createTokens, Forged, type Tokens } from "./tokens.ts";

/** Bytes of a message: a body of 1.5 MiB, thrice in base64. */
const MESSAGE_LIMIT = 4 * 1024 * 1024;
/** Clients at once. */
const CONNECTIONS = 128;

/** The endpoint of remote administration. */
export interface RemoteServer {
  /** @throws `COC_ADMIN_ENDPOINT` if the endpoint cannot be bound */
  start(): Promise<void>;
  /** Where it listens, and the fingerprint of the node's key, once it has started. */
  info(): { readonly endpoint: string; readonly fingerprint: string } | undefined;
  /** Closes the endpoint; what runs ends. May be called twice. */
  close(): Promise<void>;
}

export interface RemoteServerOptions extends Node {
  /** `tcp://address:port` or `ipc:///path`. */
  readonly endpoint: string;
  /** The node's own key. */
  readonly key: PrivateJwk;
  /** That of the host: what was seen there is seen by all nodes. */
  readonly storage: Storage;
  readonly log: Logger;
  /** Requests of one address that are read in a second; more wait. @defaultValue 100 */
  readonly rate?: number;
  /** @defaultValue nobody */
  readonly audit?: Audit;
}

/**
 * Makes the endpoint of remote administration (docs/admin-protocol.md). Who has no key of `node.keys` learns nothing, and
 * cannot tell what was wrong.
 */
export function createRemoteServer(options: RemoteServerOptions): RemoteServer {
  const { endpoint, key, storage, log, rate = 100, audit = () => undefined, ...node } = options;
  const connections = new Map<Peer, Connection>();
  const budget = createBudget(rate);
  const seen = createSeen(storage, log);
  const ended = new AbortController();
  const refusals = createRefusals({ log, audit });
  let tokens: Tokens | undefined;
  let bound: string | undefined;
  /** Changes of keys that were heard of. */
  let changes = 0;
  /** Writes the record of each request that runs. */
  const unrecorded = new Set<() => void>();

  const router = createRouter({
    limits: { message: MESSAGE_LIMIT, frame: MESSAGE_LIMIT, frames: 4, connections: CONNECTIONS },
    heartbeat: { interval: 15_000, timeout: 60_000 },
    onConnect: (peer) => connections.set(peer, new Connection(peer)),
    onDisconnect(peer) {
      connections.get(peer)?.end();
      connections.delete(peer);
    },
    onDrain: (peer) => connections.get(peer)?.drained(),
    onMessage(peer, frames) {
      const connection = connections.get(peer);
      const [id, token] = frames;
      if (connection === undefined) return;
      if (id === undefined || token === undefined || frames.length > 2 || id.byteLength > 64) return peer.close();
      const name = Buffer.from(id).toString("latin1");
      if (token.byteLength === 5 && Buffer.from(token).equals(HELLO)) return void connection.send(name, hello());
      const text = Buffer.from(token).toString("latin1");
      connection.next(text.length, () => budget.run(connection.address, () => take(connection, name, text)));
    },
  });

  /** The node's public key, and its clock. */
  function hello(): string {
    return JSON.stringify({ keys: [tokens?.publicKey], time: Date.now() / 1000 });
  }

  /** Takes a message. Whatever is wrong with it, a stranger sees the same. */
  async function take(connection: Connection, id: string, token: string): Promise<void> {
    const began = performance.now();
    const noticed = changes;
    let claimed: string | undefined;
    try {
      const { claims, sender } = await (tokens as Tokens).open(token, (fingerprint) => node.keys.find(fingerprint));
      claimed = sender.fingerprint;
      const request = readRequest(claims);
      if (request === undefined) throw new Forged("its claims are not those of a request");
      const fault = faultOf(request, sender.fingerprint, id);
      if (fault !== undefined) throw new Forged(fault);
      if ("seq" in request) return follow(connection, request, sender);
      if (connection.sessions.has(id)) throw new Forged("a request of that id runs on its connection");
      if (!(await seen.take(sender.fingerprint, id))) throw new Forged("it was taken before: it is a replay");
      begin(connection, { request, sender: await confirmed(sender, noticed), token, began });
    } catch (error) {
      connection.send(id, "");
      const reason = error instanceof Forged ? error.message : `it could not be checked: ${messageOf(error)}`;
      const fingerprint = error instanceof Forged ? (error.claimed ?? claimed) : claimed;
      refusals.add({ from: connection.peer.remote, fingerprint, reason, ms: performance.now() - began });
    }
  }

  /**
   * The key as it is now: while the request was checked it may have changed, when there was nothing yet for
   * {@link review} to end.
   */
  async function confirmed(sender: UserKey, noticed: number): Promise<UserKey> {
    let held: UserKey | undefined = sender;
    for (let known = noticed; known !== changes; ) {
      known = changes;
      held = await node.keys.find(sender.fingerprint);
      if (held === undefined) throw new Forged("its sender's key was revoked meanwhile");
    }
    return held;
  }

  function faultOf(request: RequestClaims, sender: string, id: string): string | undefined {
    if (request.iss !== sender) return "it is issued by another than its sender";
    if (request.aud !== tokens?.fingerprint) return "it is meant for another node";
    if (request.jti !== id) return "it is sent under another id";
    return untimely(request);
  }

  /** Credit, or the end of a request that runs on this connection. What comes late or again does nothing. */
  function follow(connection: Connection, request: RequestClaims & { readonly seq: number }, sender: UserKey): void {
    const session = connection.sessions.get(request.jti);
    if (session === undefined || session.fingerprint !== sender.fingerprint || request.seq <= session.seq) return;
    session.seq = request.seq;
    if ("credit" in request) session.credit(request.credit);
    else session.cancel();
  }

  function begin(connection: Connection, asked: Asked): void {
    const { request, sender } = asked;
    const { jti: id, action, input } = request;
    const record = createRecorder(audit, connection.peer.remote, asked);
    // Nobody would hear of its end, nor could end it.
    if (connection.ended) return record("cancelled");
    const session = createSession(sealer(connection, asked));
    if (connection.sessions.size >= SESSIONS) {
      const error = tooMany();
      session.reply.error(error);
      return record(error.code);
    }
    const running: Running = {
      ...session,
      fingerprint: sender.fingerprint,
      action,
      seq: 0,
      refuse() {
        session.cancel();
        connection.send(id, "");
      },
    };
    connection.sessions.set(id, running);
    let outcome = "cancelled";
    const recordOutcome = () => record(outcome);
    unrecorded.add(recordOutcome);
    const reply: Reply = {
      ...session.reply,
      result(value) {
        outcome = "ok";
        session.reply.result(value);
      },
      end() {
        if (!session.signal.aborted) outcome = "ok";
        session.reply.end();
      },
      error(error) {
        if (!session.signal.aborted) outcome = error.code;
        session.reply.error(error);
      },
    };
    const { user, role, fingerprint } = sender;
    const body = request.body === undefined ? undefined : Buffer.from(request.body, "base64url");
    const caller = { user, role, fingerprint };
    void dispatch(node, { action, input, body, signal: session.signal, caller }, reply).then(() => {
      connection.sessions.delete(id);
      if (unrecorded.delete(recordOutcome)) recordOutcome();
    });
  }

  /** Sends the replies to one request, in their order. */
  function sealer(connection: Connection, { request, sender, token }: Asked) {
    const rhash = hashOf(token);
    const { fingerprint: iss, seal } = tokens as Tokens;
    let seq = 0;
    let tail: Promise<void> = Promise.resolve();
    return (kind: AnswerKind, value?: unknown): Promise<void> => {
      const told = value instanceof Uint8Array ? Buffer.from(value).toString("base64url") : value;
      const iat = Math.floor(Date.now() / 1000);
      const claims = { iss, aud: sender.fingerprint, iat, rjti: request.jti, rhash, seq: seq++, kind, value: told };
      tail = tail
        .then(() => seal(claims, sender))
        .then((sealed) => connection.send(request.jti, sealed))
        .catch((error: unknown) => {
          log.error({ err: error }, `a reply of the administration could not be sent: ${messageOf(error)}`);
          connection.peer.close();
        });
      return tail;
    };
  }

  /** What runs under a key that is revoked ends; under one with a lesser role, what that may not do. */
  async function review(fingerprint: string): Promise<void> {
    const held = await node.keys.find(fingerprint);
    for (const { sessions } of connections.values()) {
      for (const [id, session] of sessions) {
        if (session.fingerprint !== fingerprint) continue;
        const { role: asked } = actions[session.action as keyof typeof actions] ?? {};
        if (held !== undefined && (asked === undefined || suffices(held.role, asked))) continue;
        sessions.delete(id);
        session.refuse();
      }
    }
  }

  async function watchKeys(): Promise<void> {
    const { signal } = ended;
    while (!signal.aborted) {
      try {
        for await (const fingerprint of node.keys.watch(signal)) {
          changes++;
          await review(fingerprint);
        }
      } catch (error) {
        log.warn({ err: error }, `keys that are revoked are not seen for the moment: ${messageOf(error)}`);
      }
      await delay(1000, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  return {
    async start() {
      tokens = await createTokens(key);
      bound = await router.bind(endpoint).catch((cause: unknown) => {
        const message = `the endpoint of administration, ${endpoint}, cannot be bound (${messageOf(cause)}): end what listens there, or give another as \`admin\``;
        throw createError("COC_ADMIN_ENDPOINT", message, { cause });
      });
      seen.start();
      void watchKeys();
    },
    info: () =>
      bound === undefined || tokens === undefined ? undefined : { endpoint: bound, fingerprint: tokens.fingerprint },
    async close() {
      ended.abort();
      seen.close();
      refusals.close();
      for (const connection of connections.values()) connection.end();
      await router.close();
      // What does not end with its client is not waited for.
      for (const record of unrecorded) record();
      unrecorded.clear();
    },
  };
}

const HELLO = Buffer.from("hello");

function tooMany() {
  const message = `this connection has ${SESSIONS} requests open: wait for some to end`;
  return { code: "COC_ADMIN_BUSY", message } as const;
}
