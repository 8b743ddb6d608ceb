// Records what libzmq's sockets say to each other, byte by byte: node test/tools/capture.mjs > test/vectors/libzmq.json
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout } from "node:timers/promises";
import * as zmq from "zeromq";

/** Runs an exchange through a proxy that writes down what each side sends. */
async function capture(name, serverSocket, clientSocket, exchange) {
  await serverSocket.bind("tcp://127.0.0.1:*");
  const port = Number(serverSocket.lastEndpoint.split(":").at(-1));
  const client = [];
  const server = [];
  const proxy = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    near.on("data", (chunk) => client.push(chunk) && far.write(chunk));
    far.on("data", (chunk) => server.push(chunk) && near.write(chunk));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ])
      one.on("close", () => other.destroy()).on("error", () => other.destroy());
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  clientSocket.connect(`tcp://127.0.0.1:${proxy.address().port}`);
  await exchange(serverSocket, clientSocket, { client, server });
  serverSocket.close();
  clientSocket.close();
  proxy.close();
  const hex = (chunks) => Buffer.concat(chunks).toString("hex");
  return { name, libzmq: zmq.version, client: hex(client), server: hex(server) };
}

/** The request goes there and comes back. */
const echo = (frames) => async (server, client) => {
  await client.send(frames);
  await server.send(await server.receive());
  await client.receive();
};

/** Goes on until both sides together have sent commands of these names. */
const commands =
  (...names) =>
  async (server, client, seen) => {
    const said = (name) => [...seen.client, ...seen.server].some((chunk) => chunk.includes(name));
    await echo(["beat"])(server, client);
    while (!names.every(said)) await setTimeout(20);
  };

/** Lets everybody in who gives credentials (RFC 27, ZAP): libzmq asks in the same process. */
async function letIn() {
  const zap = new zmq.Reply();
  await zap.bind("inproc://zeromq.zap.01");
  for await (const [version, id] of zap) await zap.send([version, id, "200", "OK", "ada", ""]);
}
void letIn();

const plain = { plainUsername: "ada", plainPassword: "sesame" };
const vectors = [
  await capture("DEALER", new zmq.Router(), new zmq.Dealer({ routingId: "client-1" }), echo(["one", "", "three"])),
  await capture("REQ", new zmq.Router(), new zmq.Request(), echo(["question"])),
  await capture("long frame", new zmq.Router(), new zmq.Dealer({ routingId: "client-2" }), echo(["x".repeat(300)])),
  await capture(
    "PLAIN",
    new zmq.Router({ plainServer: true }),
    new zmq.Dealer({ routingId: "client-3", ...plain }),
    echo(["secret"]),
  ),
  await capture(
    "PING",
    new zmq.Router({ heartbeatInterval: 20, heartbeatTimeout: 2000 }),
    new zmq.Dealer({ routingId: "client-4", heartbeatInterval: 20, heartbeatTimeout: 2000 }),
    commands("PING", "PONG"),
  ),
];
console.log(JSON.stringify(vectors, null, 2));
process.exit();
