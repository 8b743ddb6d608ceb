import { expect, test } from "vitest";
import { lsdServerDriver } from "../src/index.ts";

const { options } = lsdServerDriver();

test("one endpoint is all that is needed, and is taken as a list of one", () => {
  expect(options.parse({ endpoint: "tcp://lo:9300" })).toEqual({
    endpoint: ["tcp://lo:9300"],
    hwm: 1_048_576,
    limits: { message: 67_108_864, frames: 1024, envelope: 4096, connections: 10_000, stall: 60, silence: 30 },
  });
});

test.each([
  [{}],
  [{ endpoint: [] }],
  [{ endpoint: "lo:9300" }],
  [{ endpoint: "ipc://relative" }],
  [{ endpoint: "tcp://lo:1", hwm: 1000 }],
  [{ endpoint: "tcp://lo:1", limits: { frames: 2 } }],
  [{ endpoint: "tcp://lo:1", limits: { envelop: 100 } }],
])("%j is refused", (value) => {
  expect(options.safeParse(value).success).toBe(false);
});
