import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { BSON, type Document } from "mongodb";
import { type Server, startServer } from "./server.mjs";

const OP_MSG = 2013;
const HEAD = 16;

/**
 * A server without what only newer or larger ones have: it is behind a wire that answers such commands as a server does
 * that does not know them, and hands on all others as they are.
 */
export async function startLesser(): Promise<Server> {
  const server = await startServer({ streams: false });
  const { hostname, port } = new URL(server.uri);
  const sockets = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => other.destroy());
    }
    far.on("data", (chunk) => near.write(chunk));
    let rest: Buffer = Buffer.alloc(0);
    near.on("data", (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
        const message = rest.subarray(0, rest.readInt32LE(0));
        rest = rest.subarray(message.length);
        const unknown = lacks(documentsOf(message));
        if (unknown === undefined) far.write(message);
        else near.write(refusal(message.readInt32LE(4), unknown));
      }
    });
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const { port: mine } = proxy.address() as AddressInfo;
  return {
    ...server,
    uri: server.uri.replace(`:${port}/`, `:${mine}/`),
    what: `${server.what}, without TTL indexes, transactions, updates by pipelines and change streams`,
    async close() {
      proxy.close();
      for (const socket of sockets) socket.destroy();
      await server.close();
    },
  };
}

/** What a command needs that this server has not. */
function lacks(documents: readonly Document[]): string | undefined {
  for (const each of documents) {
    if (each.startTransaction !== undefined || each.txnNumber !== undefined) return "transactions";
    if (each.indexes?.some((index: Document) => index.expireAfterSeconds !== undefined)) return "TTL indexes";
    const updates: Document[] = [each, ...(Array.isArray(each.updates) ? each.updates : [])];
    if (updates.some(({ u, update }) => Array.isArray(u) || Array.isArray(update))) return "updates by pipelines";
    if (each.pipeline?.some((stage: Document) => "$changeStream" in stage)) return "change streams";
  }
  return undefined;
}

/** The documents of a message, whichever kind of section they are in (OP_MSG of MongoDB's wire protocol). */
function documentsOf(message: Buffer): Document[] {
  if (message.readInt32LE(12) !== OP_MSG) return [];
  const checksum = (message.readUInt32LE(HEAD) & 1) === 0 ? 0 : 4;
  const documents: Document[] = [];
  for (let at = HEAD + 4; at < message.length - checksum; ) {
    const sequence = message.readUInt8(at) === 1;
    const size = message.readInt32LE(at + 1);
    const end = at + 1 + size;
    if (sequence) at = message.indexOf(0, at + 5) + 1;
    else at += 1;
    while (at < end) {
      documents.push(BSON.deserialize(message.subarray(at, at + message.readInt32LE(at))));
      at += message.readInt32LE(at);
    }
  }
  return documents;
}

function refusal(request: number, unknown: string): Buffer {
  const message = { ok: 0, code: unknown === "change streams" ? 40_324 : 9, errmsg: `this server has no ${unknown}` };
  const body = BSON.serialize(message);
  const head = Buffer.alloc(HEAD + 5);
  for (const [index, value] of [head.length + body.length, 0, request, OP_MSG].entries()) {
    head.writeInt32LE(value, index * 4);
  }
  return Buffer.concat([head, body]);
}
