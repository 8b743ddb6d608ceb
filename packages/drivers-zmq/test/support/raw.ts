import { rawZmqDriver } from "../../src/index.ts";
import type { ScriptedApp } from "./context.ts";
import { type Client, python } from "./python.ts";
import { afterwards, start } from "./serve.ts";

/** Starts `raw+zmq`. */
export function raw(app: ScriptedApp, options: Record<string, unknown>) {
  return start(rawZmqDriver(), app, options);
}

/** A socket of pyzmq that connects. */
export async function peer(type: string, endpoint: string, ...keys: string[]) {
  const client = python("peer.py", type, "connect", endpoint, ...keys);
  afterwards(() => client.kill());
  await client.line();
  return client;
}

/** A socket of pyzmq that is bound, and where. */
export async function boundPeer(type: string, ...keys: string[]) {
  const client = python("peer.py", type, "bind", "tcp://127.0.0.1:0", ...keys);
  afterwards(() => client.kill());
  return { client, endpoint: await client.line() };
}

export function send(client: Client, ...frames: string[]): void {
  client.tell(JSON.stringify(frames));
}

/** Sends frames; resolves to those of the answer. */
export async function exchange(client: Client, ...frames: string[]): Promise<string[]> {
  send(client, ...frames);
  return JSON.parse(await client.line());
}

/** An app that keeps what it is asked, each request as its chunks. */
export function keeper() {
  const seen: string[][] = [];
  const app: ScriptedApp = async function* (job) {
    const chunks: string[] = [];
    for await (const chunk of job.chunks()) chunks.push(String(chunk));
    seen.push(chunks);
    yield* [];
  };
  return { app, seen };
}
