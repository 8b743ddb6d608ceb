import type { ErrorMessage } from "@cocaine/core/plugin";
import { expect } from "vitest";
import type { Engine } from "./engine.ts";

/** Metadata of a web task as `server+http` writes it (docs/worker-protocol.md). */
export interface Http {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly remote: { readonly address: string; readonly port: number };
  readonly local?: { readonly address: string; readonly port: number };
  readonly tls: boolean;
  readonly path?: string;
}

export function get(url: string, changes: Partial<Http> = {}): Http {
  return {
    method: "GET",
    url,
    httpVersion: "1.1",
    headers: [["Host", "example.org:8080"]],
    remote: { address: "192.0.2.7", port: 50_000 },
    local: { address: "192.0.2.1", port: 80 },
    tls: false,
    path: "/",
    ...changes,
  };
}

/** A response as a web driver reads it. */
export interface WebAnswer {
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly headers: readonly (readonly [string, string])[];
  /** The first header of that name. */
  header(name: string): string | undefined;
  readonly chunks: readonly string[];
  readonly body: string;
  readonly error: ErrorMessage | undefined;
}

export async function fetch(engine: Engine, http: Http, body?: string): Promise<WebAnswer> {
  return read(await engine.call("web", body, { metadata: { http } }));
}

export function read({ chunks, error }: Awaited<ReturnType<Engine["answer"]>>): WebAnswer {
  const [first, ...rest] = chunks.map((chunk) => Buffer.from(chunk).toString());
  const head = first === undefined ? { headers: [] } : JSON.parse(first);
  return {
    status: head.status,
    reason: head.reason,
    headers: head.headers,
    header: (name) => head.headers.find(([own]: [string, string]) => own.toLowerCase() === name.toLowerCase())?.[1],
    chunks: rest,
    body: rest.join(""),
    error,
  };
}

/** A response that has to be one. */
export async function fetchOk(engine: Engine, http: Http, body?: string): Promise<WebAnswer> {
  const answer = await fetch(engine, http, body);
  expect(answer.error).toBeUndefined();
  return answer;
}
