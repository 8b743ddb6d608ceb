import { expect, test } from "vitest";
import { rawZmqDriver } from "../../src/index.ts";
import { raw } from "../support/raw.ts";
import { echo } from "../support/serve.ts";

const { options } = rawZmqDriver();
const key = "a".repeat(40);

test("a socket and where it binds or connects is all that is needed", () => {
  expect(options.parse({ socket: "pull", bind: "tcp://lo:1" })).toEqual({
    socket: "pull",
    bind: ["tcp://lo:1"],
    hwm: 1_048_576,
    backlog: 1000,
    limits: { message: 67_108_864, frames: 1024, reply: 67_108_864, stall: 60 },
  });
  expect(options.parse({ socket: "sub", connect: ["tcp://a:1"], subscribe: "x" }).subscribe).toEqual(["x"]);
});

test.each([
  [{ socket: "pull" }, "either bind or connect"],
  [{ socket: "pull", bind: "tcp://lo:1", connect: "tcp://lo:1" }, "either bind or connect"],
  [{ socket: "push", bind: "tcp://lo:1" }, "Invalid option"],
  [{ socket: "pull", bind: "lo:1" }, "tcp://<interface"],
  [{ socket: "pull", bind: "tcp://lo:1", subscribe: "x" }, "a pull socket has no subscriptions"],
  [{ socket: "pull", bind: "tcp://lo:1", curve: { "secret-key": key } }, "or any"],
  [
    { socket: "pull", bind: "tcp://lo:1", curve: { "secret-key": key, "allowed-keys": "any", "server-key": key } },
    "this one binds",
  ],
  [{ socket: "pull", connect: "tcp://lo:1", curve: { "secret-key": key } }, "of whom the socket connects to"],
  [
    { socket: "pull", connect: "tcp://lo:1", curve: { "secret-key": key, "allowed-keys": "any", "server-key": key } },
    "this one connects",
  ],
])("%j is refused", (value, message) => {
  const { error } = options.safeParse(value);
  expect(JSON.stringify(error?.issues)).toContain(message);
  expect(JSON.stringify(error?.issues)).not.toContain(key);
});

test.each(["pull", "sub", "rep", "router", "pair"])(
  "an endpoint that is taken is told by a %s socket",
  async (socket) => {
    const { endpoint } = await raw(echo, { socket: "rep", bind: "tcp://lo:0" });
    await expect(raw(echo, { socket, bind: endpoint })).rejects.toMatchObject({
      code: "COC_ZMQ_ADDRESS_IN_USE",
      message: `The endpoint ${endpoint} of task "event" is taken: end the program that has it, or change the task's endpoint`,
    });
  },
);
