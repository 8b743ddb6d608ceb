import { connect, type Socket } from "node:net";
import { expect, it, onTestFinished, vi } from "vitest";
import { highestDescriptor, setLimit } from "../support/limit.ts";
import { appManifest, writeManifest } from "../support/manifest.ts";
import { startNode } from "../support/node.ts";
import { soon } from "../support/soon.ts";
import { temporaryFolder } from "../support/temporary.ts";

it("a server without descriptors says so once, serves who is connected, and recovers", {
  timeout: 60_000,
}, async () => {
  const node = await startNode();
  const folder = await temporaryFolder();
  const tasks = {
    echo: { type: "server+http", endpoint: "http://127.0.0.1:0" },
    who: { type: "server+zmq", endpoint: "tcp://127.0.0.1:0" },
  };
  const manifest = await writeManifest(folder, "web.json", appManifest({ tasks, engine: { "start-attempts": 2 } }));
  expect(await node.cocaine(["deploy", manifest])).toMatchObject({ code: 0 });
  const { port } = new URL(await node.endpoint("web", "echo"));
  const said = (text: string) => node.log.filter(({ msg }) => msg.includes(text)).length;
  const SCARCE = "file descriptors run out";

  const connected = await open(Number(port));
  expect(await ask(connected, "before")).toContain("before");
  await setLimit(node.pid, "nofile", (await highestDescriptor(node.pid)) + 20);
  const others: Socket[] = [];
  await vi.waitFor(async () => {
    for (let count = 0; count < 20; count++) others.push(await open(Number(port)));
    expect(said(SCARCE)).toBe(1);
  }, soon);
  expect(await ask(connected, "meanwhile")).toContain("meanwhile");
  const [lost] = (await node.app("web")).pool.workers;
  process.kill(lost?.pid as number, "SIGKILL");
  await vi.waitFor(async () => expect(await ask(connected, "no worker")).toContain("COC_APP_FAILED"), soon);
  expect(said("the limit of open files is reached")).toBeGreaterThan(0);

  for (const socket of others) socket.destroy();
  await vi.waitFor(async () => expect(await ask(await open(Number(port)), "after")).toContain("after"), soon);
  await vi.waitFor(() => expect(said("there are file descriptors again")).toBe(1), soon);
  expect(said(SCARCE)).toBe(1);
});

/** A connection, which the server may close at once. */
function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    socket.on("error", reject);
    onTestFinished(() => void socket.destroy());
  });
}

/** Sends a request over the connection, which is kept, and gives what comes back. */
function ask(socket: Socket, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once("data", (data) => resolve(String(data)));
    socket.once("close", () => reject(new Error("the server closed the connection")));
    socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
  });
}
