import type { CocaineError } from "@cocaine/core/plugin";
import { expect, onTestFinished, vi } from "vitest";
import { createLsdClient, type LsdCallPolicy, type LsdClient, type LsdClientOptions } from "../../src/index.ts";
import { python } from "./programs.ts";

/** How long to wait for what a busy machine does late. */
export const soon = { timeout: 15_000, interval: 20 };

/** What a server was sent. */
export interface Asked {
  readonly envelope: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Starts a server on pyzmq. */
export async function startServer(bind = "tcp://127.0.0.1:*") {
  const program = python("server.py", bind);
  onTestFinished(() => program.kill());
  const endpoint = await program.line();
  const asked: Asked[] = [];
  void (async () => {
    for (;;) {
      const [envelope, body] = JSON.parse(await program.line());
      asked.push({ envelope, body });
    }
  })().catch(() => undefined);
  return {
    endpoint,
    /** What it was sent up to now. */
    asked,
    /** The same when it is so many. */
    async heard(count: number): Promise<readonly Asked[]> {
      await vi.waitFor(() => expect(asked.length).toBe(count), soon);
      return asked;
    },
    pid: program.process.pid as number,
    signal: (signal: NodeJS.Signals) => program.process.kill(signal),
  };
}

/** Starts a client, and keeps its warnings. */
export function startClient(endpoints: LsdClientOptions["endpoints"], options: Partial<LsdClientOptions> = {}) {
  const warnings: CocaineError[] = [];
  const client = createLsdClient({ endpoints, onWarning: (error) => warnings.push(error), ...options });
  onTestFinished(() => client.close());
  client.start();
  return { client, warnings };
}

/** The whole response as text. */
export async function ask(client: LsdClient, body: string, policy: LsdCallPolicy = {}): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of client.call(body, policy)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** The process that answered. */
export async function askPid(client: LsdClient, body = "x"): Promise<number> {
  return Number((await ask(client, body)).split(" ")[0]);
}
