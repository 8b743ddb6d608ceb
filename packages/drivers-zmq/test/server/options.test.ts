import { expect, test } from "vitest";
import { zmqServerDriver } from "../../src/index.ts";

const { options } = zmqServerDriver();

test("one endpoint is all that is needed, and is taken as a list of one", () => {
  expect(options.parse({ endpoint: "tcp://lo:9100" })).toEqual({
    endpoint: ["tcp://lo:9100"],
    stream: false,
    hwm: 1_048_576,
    limits: { message: 67_108_864, frames: 1024, reply: 67_108_864, connections: 10_000, stall: 60 },
  });
});

test.each(["tcp://*:0", "tcp://127.0.0.1:9100", "tcp://[::1]:9100", "ipc:///run/app.sock"])(
  "%s is an endpoint",
  (one) => {
    expect(options.parse({ endpoint: [one, "tcp://lo:1"] }).endpoint).toEqual([one, "tcp://lo:1"]);
  },
);

test.each([
  [{}],
  [{ endpoint: [] }],
  [{ endpoint: "lo:9100" }],
  [{ endpoint: "tcp://lo" }],
  [{ endpoint: "ipc://relative" }],
  [{ endpoint: "tcp://lo:1", hwm: 1000 }],
  [{ endpoint: "tcp://lo:1", limit: {} }],
  [{ endpoint: "tcp://lo:1", stream: "yes" }],
  [{ endpoint: "tcp://lo:1", curve: { "secret-key": "/key" } }],
  [{ endpoint: "tcp://lo:1", curve: { "secret-key": "/key", "allowed-keys": [] } }],
  [{ endpoint: "tcp://lo:1", curve: { "secret-key": "/key", "allowed-keys": "all" } }],
  [{ endpoint: "tcp://lo:1", curve: { "secret-key": "/key", "server-key": "/key", "allowed-keys": "any" } }],
  [{ endpoint: "tcp://lo:1", limits: { reply: "much" } }],
])("%j is refused", (value) => {
  expect(options.safeParse(value).success).toBe(false);
});

test("keys without those that are allowed say what is missing, and not the secret one", () => {
  const secret = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6";
  const { error } = options.safeParse({ endpoint: "tcp://lo:1", curve: { "secret-key": secret } });
  expect(error?.issues).toMatchObject([
    { path: ["curve", "allowed-keys"], message: expect.stringContaining("or any: whoever knows") },
  ]);
  expect(JSON.stringify(error)).not.toContain(secret);
});
