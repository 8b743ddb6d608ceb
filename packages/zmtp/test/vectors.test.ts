import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { bound, connected, rawServer, rawSocket, readAll } from "./support/sockets.ts";

interface Vector {
  readonly name: string;
  readonly libzmq: string;
  /** What the client sent from the first byte to the last, as hex. */
  readonly client: string;
  readonly server: string;
}

const vectors = JSON.parse(readFileSync(new URL("vectors/libzmq.json", import.meta.url), "utf8")) as Vector[];

const messages: Readonly<Record<string, string[]>> = {
  DEALER: ["one", "", "three"],
  REQ: ["", "question"],
  "long frame": ["x".repeat(300)],
  PLAIN: ["secret"],
  PING: ["beat"],
};
const plain = { authenticate: (user: string, password: string) => user === "ada" && password === "sesame" };

describe.each(vectors)("libzmq's own bytes: $name", ({ name, client, server }) => {
  it.each([1, 7, 10_000])("of the client are understood by our router, %i at a time", async (size) => {
    const received: string[][] = [];
    const { endpoint } = await bound({
      onMessage: (_peer, frames) => received.push(frames.map(String)),
      ...(name === "PLAIN" && { plain }),
    });
    const socket = await rawSocket(endpoint);
    const answer = readAll(socket);
    const bytes = Buffer.from(client, "hex");
    for (let at = 0; at < bytes.length; at += size) socket.write(bytes.subarray(at, at + size));
    await vi.waitFor(() => expect(received).toEqual([messages[name]]));
    socket.end();
    const said = (await answer).toString("latin1");
    expect(said.slice(0, 12)).toBe("\xff\0\0\0\0\0\0\0\0\x7f\x03\x01");
    expect(said).toContain("\x05READY");
    if (name === "PLAIN") expect(said).toContain("\x07WELCOME");
    if (name === "PING") expect(said).toContain("\x04PONG");
  });

  it("of the server are understood by our dealer", async () => {
    const endpoint = await rawServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.write(Buffer.from(server, "hex"));
    });
    const options = name === "PLAIN" ? { plain: { username: "ada", password: "sesame" } } : {};
    const dealer = await connected(endpoint, options);
    await vi.waitFor(() => expect(dealer.messages).toEqual([messages[name]]));
  });
});
