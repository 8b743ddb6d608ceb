import { connect } from "node:net";
import { testDriver } from "@cocaine/testing";
import { describe, test } from "vitest";
import { rawServerDriver } from "../src/index.ts";

/** Sends a line, and waits for what comes back, or for the end. */
async function ask(endpoint: string, text: string): Promise<void> {
  const { hostname, port } = new URL(endpoint);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  socket.write(`${text}\n`);
  await new Promise((resolve) => socket.once("data", resolve).once("close", resolve));
  socket.destroy();
}

describe.each(["none", "line"])("server+raw with framing %s", (framing) => {
  testDriver({
    test,
    driver: rawServerDriver(),
    options: () => ({ endpoint: "tcp://127.0.0.1:0", framing }),
    fire: ({ endpoint }, text) => ask(String(endpoint), text),
    answers: true,
    taken: ({ endpoint }) => ({ endpoint, framing }),
  });
});
