import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHost, createRegistry } from "@cocaine/core";
import type { LogFields, Logger } from "@cocaine/core/plugin";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { WebSocket } from "ws";
import { processBackend } from "../../backends-process/src/index.ts";
import { threadBackend } from "../../backends-thread/src/index.ts";
import { httpDriver } from "../../drivers-http/src/index.ts";
import { jsLanguages } from "../src/index.ts";

const app = fileURLToPath(new URL("fixtures/chat.mjs", import.meta.url));
const methods = ["echo", "room", "count", "refuse", "forget"];

describe.each(["process", "thread"])("WebSockets of JavaScript in a %s", (backend) => {
  async function deploy() {
    const runtimeDir = await mkdtemp(join(tmpdir(), "coc-"));
    const lines: string[] = [];
    const write = (_: LogFields, line: string) => void lines.push(line);
    const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };
    const plugins = [...jsLanguages(), processBackend(), threadBackend(), httpDriver()];
    const host = createHost({ registry: createRegistry().use(plugins), runtimeDir, log });
    onTestFinished(async () => {
      await host.close({ deadline: 1000 });
      await rm(runtimeDir, { recursive: true, force: true });
    });
    await host.start();
    const task = { type: "server+http", endpoint: "http://127.0.0.1:0", websocket: true };
    await host.deploy("chat", {
      type: "js",
      args: app,
      engine: { backend, "pool-limit": 1 },
      tasks: Object.fromEntries(methods.map((method) => [method, task])),
    });
    const open = (method: string, protocols: string[] = []) => {
      const url = String(host.app("chat").tasks[method]?.driver.endpoint).replace("http", "ws");
      const client = new WebSocket(url, protocols);
      const messages: (string | Buffer)[] = [];
      client.on("message", (data, isBinary) => messages.push(isBinary ? (data as Buffer) : String(data)));
      client.on("error", () => undefined);
      onTestFinished(() => client.terminate());
      return {
        client,
        messages,
        opened: () => once(client, "open"),
        closed: () => once(client, "close").then(([code]) => code),
      };
    };
    return { host, open, lines };
  }

  it("carry text and bytes both ways, and tell how they were closed", async () => {
    const { open, lines } = await deploy();
    const { client, messages, opened, closed } = open("echo", ["one", "two"]);
    await opened();
    expect(client.protocol).toBe("one");
    client.send("grüße");
    client.send(Buffer.from([0, 255]));
    client.send("");
    await vi.waitFor(() => expect(messages).toEqual(["GRÜSSE", Buffer.from([0, 255]), ""]));
    client.close(4001, "enough");
    expect(await closed()).toBe(4001);
    await vi.waitFor(() => expect(lines).toContain("left with 4001 enough"));
  });

  it("are closed by the app, by its end and by its failure", async () => {
    const { open } = await deploy();
    for (const [message, code] of [
      ["close", 4000],
      ["break", 1011],
    ] as const) {
      const { client, opened, closed } = open("echo");
      await opened();
      client.send(message);
      expect(await closed()).toBe(code);
    }
    const { messages, closed } = open("count");
    expect(await closed()).toBe(1000);
    expect(messages.slice(0, -1)).toEqual(Array.from({ length: 10_000 }, (_, number) => String(number)));
    expect(messages.at(-1)).toHaveLength(3_000_000);
  });

  it("reach each other through one worker", async () => {
    const { open } = await deploy();
    const clients = [open("room"), open("room")];
    await Promise.all(clients.map(({ opened }) => opened()));
    const [one, two] = clients;
    await vi.waitFor(() => {
      one?.client.send("hello");
      expect(two?.messages).toContain("hello");
    });
  });

  it("are refused by a Response, and by code that forgets to accept", async () => {
    const { open, lines } = await deploy();
    const [, refused] = await once(open("refuse").client, "unexpected-response");
    expect(refused.statusCode).toBe(401);
    expect(Buffer.concat(await refused.toArray()).toString()).toBe("who are you?");
    const [, forgotten] = await once(open("forget").client, "unexpected-response");
    expect(forgotten.statusCode).toBe(500);
    expect(lines.join("\n")).toMatch(/"forget" neither accepted the WebSocket, by job.accept\(\)/);
  });
});
