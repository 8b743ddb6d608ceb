import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { answer, type Job, whenWhole } from "./support/app.ts";
import { dial } from "./support/raw.ts";
import { useServers } from "./support/servers.ts";

// The requests that gunicorn tests its parser with, from its source distribution, which `pnpm test` gets.

const start = useServers();
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

interface Case {
  readonly name: string;
  /** What is sent, in base64. */
  readonly data: string;
  /** What it is; or else it is an error. */
  readonly requests?: readonly Request[];
}

interface Request {
  readonly method: string;
  readonly url: string;
  readonly version: string;
  readonly headers: readonly (readonly string[])[];
  readonly body: string;
}

const cases: Case[] = JSON.parse(
  execFileSync(
    path("../../../.cache/venv/bin/python"),
    [path("fixtures/gunicorn_corpus.py"), path("../../../.cache/sources/gunicorn-23.0.0")],
    { encoding: "utf8", maxBuffer: 16 * 1024 * 1024 },
  ),
);

/** Rows of the table in the README: where an answer is another than gunicorn's. */
const differences = new Map(
  [...readFileSync(path("../README.md"), "utf8").matchAll(/^\| `((?:in)?valid\/\S+)`(.*?)\| ([\d, ]+)\|/gm)].flatMap(
    ([, first, more, statuses]) =>
      [first, ...[...(more as string).matchAll(/`(\S+)`/g)].map(([, name]) => name)].map(
        (name) => [name as string, (statuses as string).match(/\d+/g) as string[]] as const,
      ),
  ),
);

/** RFC 9112, 3.2: a request of HTTP/1.1 without Host is refused, and most of these have none. */
function withHost(data: string): string {
  let body = 0;
  return data.replace(/^([A-Z]+ \S+ HTTP\/1\.[01]\r\n)((?:[^\r\n]+\r\n)*?\r\n)/gm, (head, line, rest, at: number) => {
    if (at < body) return head;
    body = at + head.length + Number(/^content-length: *(\d+)/im.exec(rest)?.[1] ?? 0);
    return line.endsWith("1.0\r\n") || /^host:/im.test(rest) ? head : `${line}Host: corpus\r\n${rest}`;
  });
}

const told = ({ metadata, chunks }: Job): Request => ({
  method: metadata.http.method,
  url: metadata.http.url,
  version: metadata.http.httpVersion,
  headers: metadata.http.headers
    .map(([name, value]) => [name.toUpperCase(), value] as const)
    .filter(([name, value]) => name !== "HOST" || value !== "corpus"),
  body: Buffer.concat(chunks).toString("base64"),
});

const LAST = "GET /last HTTP/1.1\r\nHost: corpus\r\nConnection: close\r\n\r\n";

/** Sends bytes, and one request more that ends the connection. */
async function send(data: string, step: number) {
  const { port, jobs } = await start((job) => whenWhole(job, () => answer(job, "ok")));
  const client = await dial(port);
  client.socket.setNoDelay();
  const all = data + LAST;
  for (let at = 0; at < all.length && !client.socket.destroyed; at += step) {
    client.send(Buffer.from(all.slice(at, at + step), "latin1"));
    if (step < all.length) await new Promise(setImmediate);
  }
  client.socket.end();
  const statuses = [...(await client.closed()).matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status as string);
  return { statuses, jobs: jobs.filter(({ ended, cancelled }) => ended && cancelled === undefined) };
}

describe.each([
  ["at once", Number.POSITIVE_INFINITY],
  ["in pieces of 7 bytes", 7],
])("gunicorn's requests, sent %s,", (_, step) => {
  it.each(cases)("$name", async ({ name, data, requests }) => {
    const raw = Buffer.from(data, "base64").toString("latin1");
    const { statuses, jobs } = await send(withHost(raw), step);
    const different = differences.get(name);
    if (different !== undefined) return expect(statuses).toEqual(different);
    if (requests === undefined) {
      expect(statuses.length).toBeLessThanOrEqual(1);
      expect(statuses[0] ?? "400").toMatch(/^4/);
      expect(jobs).toEqual([]);
    } else {
      // One without a body is a job at once, others when their body is there.
      expect(new Set(jobs.map(told).filter(({ url }) => url !== "/last"))).toEqual(new Set(requests));
      expect(new Set(statuses)).toEqual(new Set(["200"]));
    }
  });
});

it("of HTTP/1.1 without Host are refused", async () => {
  const { statuses } = await send("GET / HTTP/1.1\r\n\r\n", Number.POSITIVE_INFINITY);
  expect(statuses[0]).toBe("400");
});

it("the table of differences names requests that there are", () => {
  expect(cases.length).toBe(98);
  expect([...differences.keys()].filter((name) => !cases.some((one) => one.name === name))).toEqual([]);
});
