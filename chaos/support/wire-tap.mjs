import { connect, createServer } from "node:net";

/** Bytes of the head of each message of MongoDB's protocol, of which the first four are its length. */
const HEAD = 16;
/** Bytes of an OP_MSG before the name of its command: head, flags, kind of section, length of the document, type. */
const BEFORE_NAME = HEAD + 4 + 1 + 4 + 1;

/** Passes MongoDB's protocol on, and counts the commands that clients send, by their names. */
export async function startWireTap({ host, port }) {
  const counts = new Map();
  const sockets = new Set();
  const server = createServer((client) => {
    const upstream = connect({ host, port });
    const count = counter((name) => counts.set(name, (counts.get(name) ?? 0) + 1));
    client.on("data", count);
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    /** @returns counts since the last time that they were taken, by name. */
    take() {
      const taken = new Map(counts);
      counts.clear();
      return taken;
    },
    connections: () => sockets.size / 2,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function counter(found) {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= HEAD) {
      const length = rest.readInt32LE(0);
      if (rest.length < length) return;
      const end = rest.indexOf(0, BEFORE_NAME);
      found(rest.toString("latin1", BEFORE_NAME, end));
      rest = rest.subarray(length);
    }
  };
}
