import { describe, expect, it } from "vitest";
import { httpDriver } from "../src/index.ts";
import { answer, type Job } from "./support/app.ts";
import { useServers } from "./support/servers.ts";

const start = useServers();
const TRUSTED = { "trusted-proxies": ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"] };

const told = ({ metadata }: Job) => {
  const { remote, tls, proxy } = metadata.http as Job["metadata"]["http"] & { proxy?: object };
  return { remote, tls, proxy };
};

describe("behind trusted proxies", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1", 0],
    ["192.0.2.1:4711", "192.0.2.1", 4711],
    ["[2001:db9::1]:80", "2001:db9::1", 80],
    ["2001:db9::1", "2001:db9::1", 0],
    ["192.0.2.66, 192.0.2.1, 10.1.2.3", "192.0.2.1", 0],
    ["192.0.2.1, 2001:db8::7, 10.1.2.3", "192.0.2.1", 0],
    ["10.0.0.1", "10.0.0.1", 0],
    ["nonsense, 10.0.0.1", "10.0.0.1", 0],
  ])("X-Forwarded-For: %s is a request of %s", async (header, address, port) => {
    const { url, jobs } = await start((job) => answer(job, "ok"), TRUSTED);
    await fetch(url, { headers: { "X-Forwarded-For": header } });
    expect(told(jobs[0] as Job)).toMatchObject({
      remote: { address, port },
      tls: false,
      proxy: { address: "127.0.0.1" },
    });
  });

  it("X-Forwarded-Proto says whether the client's own connection is encrypted", async () => {
    const { url, jobs, lines } = await start((job) => answer(job, "ok"), { ...TRUSTED, "access-log": true });
    for (const [hops, protocol] of [
      ["192.0.2.1", "https"],
      ["192.0.2.1, 10.0.0.1", "https, http"],
      ["192.0.2.9, 192.0.2.1", "https, http"],
    ] as const) {
      await fetch(url, { headers: { "X-Forwarded-For": hops, "X-Forwarded-Proto": protocol } });
    }
    expect(jobs.map((job) => told(job).tls)).toEqual([true, true, false]);
    expect(lines.map(({ fields }) => fields.remote)).toEqual(["192.0.2.1", "192.0.2.1", "192.0.2.1"]);
  });

  it("and from anyone else nothing is believed", async () => {
    const { url, jobs } = await start((job) => answer(job, "ok"), { "trusted-proxies": ["10.0.0.0/8"] });
    await fetch(url, { headers: { "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https" } });
    expect(told(jobs[0] as Job)).toMatchObject({ remote: { address: "127.0.0.1" }, tls: false, proxy: undefined });
  });

  it("networks that are none are refused by the schema", () => {
    for (const network of ["lo", "10.0.0.0/33", "10.0.0/8", "::1/129", "1.2.3.4/", ""]) {
      const parsed = httpDriver().options.safeParse({ endpoint: "http://lo:0", "trusted-proxies": [network] });
      expect(parsed.success, network).toBe(false);
    }
  });
});

describe("a trace", () => {
  const id = "4bf92f3577b34da6a3ce929d0e0e4736";

  it.each([
    [`00-${id}-00f067aa0ba902b7-01`, id],
    [`cc-${id}-00f067aa0ba902b7-01-what-the-future-will-be-like`, id],
    [`00-${id}-00f067aa0ba902b7-01-more`, undefined],
    [`ff-${id}-00f067aa0ba902b7-01`, undefined],
    [`00-${"0".repeat(32)}-00f067aa0ba902b7-01`, undefined],
    [`00-${id}-${"0".repeat(16)}-01`, undefined],
    [`00-${id.toUpperCase()}-00f067aa0ba902b7-01`, undefined],
  ])("traceparent %s reaches the job as it is, and the access log as %s", async (traceparent, traceId) => {
    const { url, jobs, lines } = await start((job) => answer(job, "ok"), { "access-log": true });
    await fetch(url, { headers: { traceparent, tracestate: "a=1,b=2" } });
    expect(jobs[0]?.metadata.http.headers).toContainEqual(["traceparent", traceparent]);
    expect(jobs[0]?.metadata.http.headers).toContainEqual(["tracestate", "a=1,b=2"]);
    expect(lines[0]?.fields.traceId).toBe(traceId);
  });
});
