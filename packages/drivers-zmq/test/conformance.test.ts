import { testDriver } from "@cocaine/testing";
import { describe, test } from "vitest";
import { curveKeyPair, Dealer, Push, Request } from "zeromq";
import { rawZmqDriver, zmqServerDriver } from "../src/index.ts";

const server = curveKeyPair();
const client = curveKeyPair();

type Info = Readonly<Record<string, unknown>>;

const endpointOf = ({ endpoints }: Info) => String([endpoints].flat()[0]);

/** Asks on a DEALER socket, and waits for the answer. */
async function ask(info: Info, text: string, keys: ConstructorParameters<typeof Dealer>[0] = {}): Promise<void> {
  const socket = new Dealer({ linger: 0, receiveTimeout: 2000, ...keys });
  socket.connect(endpointOf(info));
  try {
    await socket.send(["", text]);
    await socket.receive();
  } finally {
    socket.close();
  }
}

describe("server+zmq", () => {
  testDriver({
    test,
    driver: zmqServerDriver(),
    answers: true,
    options: () => ({ endpoint: "tcp://127.0.0.1:0" }),
    taken: (info) => ({ endpoint: endpointOf(info) }),
    fire: ask,
  });
});

describe("server+zmq with curve", () => {
  const curve = { "secret-key": server.secretKey, "allowed-keys": [client.publicKey] };
  testDriver({
    test,
    driver: zmqServerDriver(),
    answers: true,
    options: () => ({ endpoint: "tcp://127.0.0.1:0", curve }),
    taken: (info) => ({ endpoint: endpointOf(info), curve }),
    fire: (info, text) =>
      ask(info, text, {
        curveServerKey: server.publicKey,
        curvePublicKey: client.publicKey,
        curveSecretKey: client.secretKey,
      }),
  });
});

describe("raw+zmq, pull", () => {
  testDriver({
    test,
    driver: rawZmqDriver(),
    options: () => ({ socket: "pull", bind: "tcp://127.0.0.1:0" }),
    taken: (info) => ({ socket: "pull", bind: endpointOf(info) }),
    async fire(info, text) {
      const socket = new Push({ linger: 500, sendTimeout: 500 });
      socket.connect(endpointOf(info));
      try {
        await socket.send(text);
      } finally {
        socket.close();
      }
    },
  });
});

describe("raw+zmq, rep", () => {
  testDriver({
    test,
    driver: rawZmqDriver(),
    answers: true,
    options: () => ({ socket: "rep", bind: "tcp://127.0.0.1:0" }),
    taken: (info) => ({ socket: "rep", bind: endpointOf(info) }),
    async fire(info, text) {
      const socket = new Request({ linger: 0, receiveTimeout: 2000 });
      socket.connect(endpointOf(info));
      try {
        await socket.send(text);
        await socket.receive();
      } finally {
        socket.close();
      }
    },
  });
});
