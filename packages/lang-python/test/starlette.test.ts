import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createHost, createRegistry } from "@cocaine/core";
import type { LogFields, Logger } from "@cocaine/core/plugin";
import { expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import { processBackend } from "../../backends-process/src/index.ts";
import { httpDriver } from "../../drivers-http/src/index.ts";
import { pythonLanguages } from "../src/index.ts";
import { fixture } from "./support/engine.ts";

/** The environment that `pnpm test` prepares, with Starlette in it. */
const VENV = fileURLToPath(new URL("../../../.cache/venv", import.meta.url));
const run = promisify(execFile);

async function deploy() {
  const runtimeDir = await mkdtemp(join(tmpdir(), "coc-"));
  const lines: string[] = [];
  const write = (_: LogFields, line: string) => void lines.push(line);
  const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };
  const plugins = [...pythonLanguages(), processBackend(), httpDriver()];
  const host = createHost({ registry: createRegistry().use(plugins), runtimeDir, log });
  onTestFinished(async () => {
    await host.close({ deadline: 1000 });
    await rm(runtimeDir, { recursive: true, force: true });
  });
  await host.start();
  const web = { type: "server+http", endpoint: "http://127.0.0.1:0" };
  await host.deploy("app", {
    type: "python+asgi",
    args: fixture("starlette_app.py"),
    language: { venv: VENV },
    engine: { "pool-limit": 1 },
    tasks: { web, socket: { ...web, websocket: true } },
  });
  const urlOf = (task: string) => String(host.app("app").tasks[task]?.driver.endpoint);
  return { url: urlOf("web"), socketUrl: urlOf("socket").replace("http", "ws"), lines };
}

test("Starlette serves pages, streams, background tasks and failures to clients of server+http", async () => {
  const { url } = await deploy();
  const text = async (path: string) => (await fetch(`${url}${path}`)).text();

  expect(await text("/hello?name=w%C3%B6rld")).toBe("Starlette greets wörld");
  const up = await run("sh", ["-c", `head -c 10000000 /dev/zero | curl -s -T - -X POST ${url}/size`]);
  expect(up.stdout).toBe("10000000");
  const down = await run("sh", ["-c", `curl -s ${url}/stream | wc -c`]);
  expect(down.stdout.trim()).toBe("10000000");
  expect(await text("/later")).toBe("first");
  await vi.waitFor(async () => expect(await text("/ran")).toBe("then"));
  expect((await fetch(`${url}/fails`)).status).toBe(500);
  expect((await fetch(`${url}/nowhere`)).status).toBe(404);
  const many = await Promise.all(Array.from({ length: 100 }, (_, index) => text(`/hello?name=${index}`)));
  expect(many).toEqual(Array.from({ length: 100 }, (_, index) => `Starlette greets ${index}`));
});

test("Starlette serves WebSockets: messages, subprotocols, rooms, denials and failures", async () => {
  const { socketUrl, lines } = await deploy();
  const open = (path: string, protocols: string[] = []) => {
    const client = new WebSocket(`${socketUrl}/ws/${path}`, protocols);
    const messages: (string | Buffer)[] = [];
    client.on("message", (data, isBinary) => messages.push(isBinary ? (data as Buffer) : String(data)));
    client.on("error", () => undefined);
    onTestFinished(() => client.terminate());
    return { client, messages };
  };
  const closed = async (client: WebSocket) => (await once(client, "close"))[0];

  const echo = open("echo?a=1", ["one", "two"]);
  const opened = once(echo.client, "open");
  const [response] = await once(echo.client, "upgrade");
  expect(response.headers["x-name"]).toBe("Starlette");
  await opened;
  expect(echo.client.protocol).toBe("two");
  const long = "x".repeat(800_000);
  for (const message of ["grüße", Buffer.from([0, 255]), "", long]) echo.client.send(message);
  await vi.waitFor(() => expect(echo.messages).toEqual(["GRÜSSE", Buffer.from([0, 255]), "", long.toUpperCase()]));
  echo.client.close(4001, "enough");
  expect(await closed(echo.client)).toBe(4001);
  await vi.waitFor(() => expect(lines).toContain("left with 4001 enough"));

  const { client } = open("echo");
  await once(client, "open");
  client.send("bye");
  expect(await closed(client)).toBe(4000);

  const rooms = [open("room"), open("room")];
  await Promise.all(rooms.map((each) => once(each.client, "open")));
  await vi.waitFor(() => {
    rooms[0]?.client.send("hello");
    expect(rooms[1]?.messages).toContain("hello");
  });

  expect(await closed(open("breaks").client)).toBe(1011);
  const statuses = await Promise.all(
    ["echo?token=none", "echo?token=wrong", "nowhere"].map(async (path) => {
      const [, refused] = await once(open(path).client, "unexpected-response");
      return refused.statusCode;
    }),
  );
  expect(statuses).toEqual([401, 403, 403]);
});
