import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { answer, bytes, headOf, textOf, whenWhole } from "./support/app.ts";
import { dial, exchange, last } from "./support/raw.ts";
import { useServers } from "./support/servers.ts";

const start = useServers();

describe("limits.head", () => {
  it("is kept with 431", async () => {
    const { port, jobs } = await start((job) => answer(job, "ok"), { limits: { head: 1000 } });
    expect(await exchange(port, last("GET /", `A: ${"x".repeat(700)}\r\n`))).toMatch(/^HTTP\/1.1 200 /);
    expect(await exchange(port, last("GET /", `A: ${"x".repeat(1000)}\r\n`))).toMatch(/^HTTP\/1.1 431 /);
    expect(await exchange(port, last(`GET /${"x".repeat(1000)}`))).toMatch(/^HTTP\/1.1 431 /);
    expect(jobs).toHaveLength(1);
  });

  it("leaves no header out, however many there are", async () => {
    const { port, jobs } = await start((job) => answer(job, "ok"));
    await exchange(port, last("GET /", "a:\r\n".repeat(3000)));
    expect(jobs[0]?.metadata.http.headers).toHaveLength(3002);
  });
});

describe("limits.body", () => {
  const limits = { body: 100_000 };

  it("is kept with 413 by Content-Length, before a job is made", async () => {
    const { url, jobs } = await start((job) => whenWhole(job, () => answer(job, "ok")), { limits });
    expect((await fetch(url, { method: "POST", body: "x".repeat(100_000) })).status).toBe(200);
    const response = await fetch(url, { method: "POST", body: "x".repeat(100_001) });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: "COC_HTTP_BODY_TOO_LARGE" });
    expect(jobs).toHaveLength(1);
  });

  it("is kept with 413 while chunks come, and the job is cancelled", async () => {
    const { port, jobs } = await start((job) => whenWhole(job, () => answer(job, textOf(job))), { limits });
    const client = await dial(port);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (let sent = 0; sent < 12; sent++) client.send(`2710\r\n${"x".repeat(10_000)}\r\n`);
    expect(await client.closed()).toMatch(/^HTTP\/1.1 413 /);
    expect(jobs).toHaveLength(1);
    expect(jobs[0]?.cancelled).toBeDefined();
  });

  it("holds for small chunked bodies, too", async () => {
    const { port, jobs } = await start((job) => answer(job, "ok"), { limits: { body: 4 } });
    expect(await exchange(port, last("POST /", "Transfer-Encoding: chunked\r\n", "5\r\nabcde\r\n0\r\n\r\n"))).toMatch(
      /^HTTP\/1.1 413 /,
    );
    expect(jobs).toHaveLength(0);
  });
});

describe("limits.connections", () => {
  it("closes those beyond it, and lets others in when one has left", async () => {
    const { port, driver } = await start((job) => answer(job, "ok"), { limits: { connections: 2 } });
    const [one, two] = [await dial(port), await dial(port)];
    await vi.waitFor(() => expect(driver.info?.()).toMatchObject({ connections: 2 }));
    const three = connect(port, "127.0.0.1").on("error", () => undefined);
    await once(three, "close");
    one.socket.destroy();
    await vi.waitFor(() => expect(driver.info?.()).toMatchObject({ connections: 1 }));
    expect(await exchange(port, last("GET /"))).toMatch(/^HTTP\/1.1 200 /);
    two.socket.destroy();
  });
});

describe("limits.head-timeout", () => {
  it("ends a head that trickles with 408, and a connection that says nothing", async () => {
    const { port } = await start((job) => answer(job, "ok"), { limits: { "head-timeout": 0.3 } });
    const silent = await dial(port);
    const slow = await dial(port);
    slow.send("GET / HTTP/1.1\r\nHost: a\r\n");
    expect(await slow.closed()).toMatch(/^HTTP\/1.1 408 [\s\S]*COC_HTTP_TIMEOUT/);
    await silent.closed();
  });

  it("keeps hundreds of slow clients from slowing others", async () => {
    const { port, url, driver } = await start((job) => answer(job, "ok"), { limits: { "head-timeout": 0.5 } });
    const slow = await Promise.all(Array.from({ length: 300 }, () => dial(port)));
    for (const client of slow) client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ");
    const trickle = setInterval(() => {
      for (const client of slow) if (client.socket.writable) client.send("x");
    }, 50);
    const times: number[] = [];
    for (let round = 0; round < 100; round++) {
      const before = performance.now();
      await (await fetch(url)).text();
      times.push(performance.now() - before);
    }
    expect(times.sort((a, b) => a - b)[90]).toBeLessThan(100);
    await Promise.all(slow.map((client) => client.closed()));
    clearInterval(trickle);
    await vi.waitFor(() => expect(driver.info?.().connections).toBeLessThan(5));
  });
});

describe("limits.body-timeout", () => {
  it("ends a body that trickles with 408, and its job is cancelled", async () => {
    const { port, jobs } = await start(() => undefined, { limits: { "body-timeout": 0.2 } });
    const client = await dial(port);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    const trickle = setInterval(() => client.send("x"), 20);
    expect(await client.closed()).toMatch(/^HTTP\/1.1 408 /);
    clearInterval(trickle);
    expect(jobs[0]?.cancelled).toBeDefined();
  });

  it("does not count while the job is what is slow", async () => {
    const { port, jobs } = await start(
      (job) => {
        job.room = false;
        whenWhole(job, () => answer(job, "ok"));
      },
      { limits: { "body-timeout": 0.1 } },
    );
    const client = await dial(port);
    // More than goes with the trigger, in any version of Node.
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000005\r\n\r\n${"x".repeat(1_000_000)}`);
    await vi.waitFor(() => expect(jobs[0]?.chunks.length).toBeGreaterThan(1));
    // Spans of the timeout pass, told by another client that is too slow.
    expect(await exchange(port, last("POST /", "Content-Length: 5\r\n", "x"))).toMatch(/^HTTP\/1.1 408 /);
    expect(jobs[0]?.cancelled).toBeUndefined();
    const job = jobs[0] as (typeof jobs)[0];
    job.room = true;
    job.sink.drain?.();
    client.send("xxxxx");
    expect(await client.until(/ok$/)).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe("limits.idle-timeout", () => {
  it("ends a connection without a request", async () => {
    const { port } = await start((job) => answer(job, "ok"), { limits: { "idle-timeout": 0.2 } });
    expect(await exchange(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")).toMatch(/ok$/);
  });
});

describe("limits.write-timeout", () => {
  it("ends a client that takes nothing, and holds a bounded part of its response until then", async () => {
    let written = 0;
    const chunk = new Uint8Array(64 * 1024);
    const { port, jobs } = await start(
      (job) => {
        const pump = () => {
          do written += chunk.length;
          while (job.cancelled === undefined && job.sink.write(chunk));
        };
        job.onResume = pump;
        job.sink.write(headOf(200));
        pump();
      },
      { limits: { "write-timeout": 0.3 } },
    );
    const client = await dial(port);
    client.socket.pause();
    client.send(last("GET /"));
    await vi.waitFor(() => expect(jobs[0]?.cancelled).toBeDefined(), { timeout: 10_000 });
    expect(written).toBeLessThan(32 * 1024 * 1024);
    client.socket.destroy();
  });

  it("does not end a client that waits for its job", async () => {
    const { port, jobs } = await start(() => undefined, { limits: { "write-timeout": 0.1, "idle-timeout": 0.5 } });
    const idle = await dial(port);
    const client = await dial(port);
    idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await vi.waitFor(() => expect(jobs).toHaveLength(2));
    const [first, second] = jobs;
    if (first !== undefined) answer(first, "first");
    await idle.closed();
    second?.sink.write(headOf(200));
    second?.sink.write(bytes("patient"));
    second?.sink.end();
    await client.until(/patient$/);
  });
});
