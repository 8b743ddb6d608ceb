import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { expect, it } from "vitest";
import { explain } from "../src/errors.ts";

it("what a socket says that the server just ended is told as a server that cannot be reached", async () => {
  const server = createServer((socket) => socket.end("x")).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.resume();
  await once(socket, "end");
  const failed = once(socket, "error");
  socket.write("too late");
  const [error] = await failed;
  server.close();
  expect(error).toMatchObject({ code: "EPIPE" });
  expect(explain("mongodb://db/cocaine", error)).toMatchObject({
    code: "COC_STORAGE_SERVER",
    message: expect.stringMatching(/^mongodb:\/\/db\/cocaine cannot be reached \(.*ended.*\): see that it runs/),
    cause: error,
  });
});

it("what is no error of the server is handed on", () => {
  const error = new TypeError("ours");
  expect(explain("mongodb://db/cocaine", error)).toBe(error);
});
