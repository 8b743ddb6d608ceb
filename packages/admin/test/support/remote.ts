import { randomBytes } from "node:crypto";
import type { LogFields, Storage } from "@cocaine/core";
import { type Logger, silentLogger } from "@cocaine/core/plugin";
import { createDealer } from "@cocaine/zmtp";
import { CompactEncrypt, CompactSign, type CryptoKey, importJWK } from "jose";
import { onTestFinished } from "vitest";
import {
  type AdminClient,
  type AuditRecord,
  createLogBook,
  createRemoteClient,
  createRemoteServer,
  fingerprintOf,
  generateKey,
  type PrivateJwk,
  type PublicJwk,
  publicKeyOf,
  type RemoteServer,
  type Role,
} from "../../src/index.ts";
import { type StartedHost, startHost } from "./host.ts";

export interface StartedRemote extends StartedHost {
  readonly server: RemoteServer;
  readonly endpoint: string;
  readonly nodeKey: PrivateJwk;
  readonly pin: string;
  readonly records: AuditRecord[];
  /** What the log was told at `warn`. */
  readonly warnings: string[];
  /** A user whose key is let in. */
  user(name: string, role: Role): Promise<PrivateJwk>;
  /** A client that has started. */
  client(key: PrivateJwk): Promise<AdminClient>;
}

/** Starts a node with an endpoint of remote administration. */
export async function startRemote(storage?: Storage, rate = 100): Promise<StartedRemote> {
  const started = await startHost(storage);
  const nodeKey = await generateKey();
  const records: AuditRecord[] = [];
  const warnings: string[] = [];
  const log: Logger = { ...silentLogger(), warn: (_: LogFields, message: string) => void warnings.push(message) };
  const server = createRemoteServer({
    ...started,
    logs: createLogBook(),
    endpoint: "tcp://127.0.0.1:*",
    key: nodeKey,
    log,
    rate,
    audit: (record) => records.push(record),
  });
  await server.start();
  onTestFinished(() => server.close());
  const { endpoint = "", fingerprint: pin = "" } = server.info() ?? {};
  return {
    ...started,
    server,
    endpoint,
    nodeKey,
    pin,
    records,
    warnings,
    async user(name, role) {
      const key = await generateKey();
      await started.keys.add(name, publicKeyOf(key), role);
      return key;
    },
    async client(key) {
      const client = createRemoteClient({ endpoint, key, pin });
      await client.start();
      onTestFinished(() => client.close());
      return client;
    },
  };
}

/** A socket that sends whatever it likes to the endpoint. */
export interface RawClient {
  /** Sends frames, and gives the ones that come back. */
  ask(...frames: (string | Uint8Array)[]): Promise<string[]>;
  send(...frames: (string | Uint8Array)[]): void;
  readonly received: string[][];
  /** Whether the node closed the connection. */
  readonly gone: boolean;
}

export async function rawClient(endpoint: string): Promise<RawClient> {
  const received: string[][] = [];
  let gone = false;
  let wake: (() => void) | undefined;
  const dealer = createDealer({
    reconnect: false,
    onMessage(frames) {
      received.push(frames.map((frame) => Buffer.from(frame).toString("latin1")));
      wake?.();
    },
    onDisconnect() {
      gone = true;
      wake?.();
    },
  });
  await dealer.connect(endpoint);
  onTestFinished(() => dealer.close());
  return {
    received,
    get gone() {
      return gone;
    },
    send: (...frames) => void dealer.send(frames),
    async ask(...frames) {
      const count = received.length;
      dealer.send(frames);
      while (received.length === count && !gone) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return received[count] ?? ["the node closed the connection"];
    },
  };
}

/** What a token is made of, but for what the test says. */
export interface Forgery {
  readonly from: PrivateJwk;
  readonly to: PublicJwk;
  readonly claims?: Record<string, unknown>;
  /** Fingerprint that the token gives as its sender's. */
  readonly kid?: string;
  /** Signs, or pretends to. */
  readonly sign?: (payload: Uint8Array, kid: string) => Promise<string> | string;
  readonly wrap?: string;
  readonly cipher?: string;
}

/** Makes a token by hand, with jose alone. */
export async function forge({
  from,
  to,
  claims = {},
  kid = fingerprintOf(from),
  sign,
  wrap = "RSA-OAEP-256",
  cipher = "A256GCM",
}: Forgery) {
  const id = randomBytes(16).toString("base64url");
  const iat = Math.floor(Date.now() / 1000);
  const all = { iss: kid, aud: fingerprintOf(to), iat, exp: iat + 30, jti: id, action: "list", input: {}, ...claims };
  const payload = Buffer.from(JSON.stringify(all));
  const { alg, ...pair } = from;
  const signed = await (sign?.(payload, kid) ??
    new CompactSign(payload).setProtectedHeader({ alg, kid }).sign((await importJWK(pair, alg)) as CryptoKey));
  const { alg: _, ...sealing } = to;
  const key = (await importJWK(sealing, wrap)) as CryptoKey;
  const token = await new CompactEncrypt(Buffer.from(signed))
    .setProtectedHeader({ alg: wrap, enc: cipher })
    .encrypt(key);
  return { id: String(all.jti), token };
}

/** base64url of JSON. */
export const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
