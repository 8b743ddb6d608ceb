import { networkInterfaces } from "node:os";
import { describe, expect, it, vi } from "vitest";
import { httpDriver } from "../src/index.ts";
import { answer, bytes, createContext, headOf, serve } from "./support/app.ts";
import { freePort } from "./support/port.ts";
import { dial, exchange } from "./support/raw.ts";
import { useServers } from "./support/servers.ts";

const start = useServers();

describe("an endpoint", () => {
  it("may name an interface, every interface, or an IPv6 address", async () => {
    for (const endpoint of ["http://lo:0", "http://*:0", "http://[::1]:0", "http://localhost:0/"]) {
      const { url } = await start((job) => answer(job, job.metadata.http.remote.address), { endpoint });
      const local = url.replace("*", "127.0.0.1");
      expect(await (await fetch(local)).text()).toMatch(/^(127\.0\.0\.1|::1)$/);
    }
    expect(networkInterfaces()).toHaveProperty("lo");
  });

  it("without a port is port 80", async () => {
    const { url } = await start((job) => answer(job, "ok"), { endpoint: "http://127.0.0.1" });
    expect(url).toBe("http://127.0.0.1:80");
  });

  it("that is taken is COC_HTTP_ADDRESS_IN_USE", async () => {
    const { url } = await start((job) => answer(job, "ok"));
    await expect(start(() => undefined, { endpoint: url }, httpDriver())).rejects.toMatchObject({
      code: "COC_HTTP_ADDRESS_IN_USE",
      message: expect.stringContaining(url),
    });
  });

  it("of an unknown interface, foreign address or wrong port is COC_HTTP_ENDPOINT", async () => {
    for (const endpoint of ["http://eth77.invalid:8080", "http://192.0.2.1:8080", "http://lo:70000"]) {
      await expect(start(() => undefined, { endpoint })).rejects.toMatchObject({ code: "COC_HTTP_ENDPOINT" });
    }
  });

  it("that is no endpoint is refused by the schema", () => {
    const { options } = httpDriver();
    for (const endpoint of ["8080", "https://*:1", "http://a/b", "tcp://*:1", "http://a:b"]) {
      expect(options.safeParse({ endpoint }).success, endpoint).toBe(false);
    }
    expect(options.safeParse({ endpoint: "http://*:80", pth: "/" }).success).toBe(false);
  });
});

describe("tasks that share an endpoint", () => {
  it("have their requests by host and the longest path, and close it last", async () => {
    const plugin = httpDriver();
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    const say = (name: string, options: object) =>
      start((job) => answer(job, `${name} ${job.metadata.http.path}`), { endpoint, ...options }, plugin, name);
    const all = await Promise.all([
      say("root", {}),
      say("api", { path: "/api" }),
      say("deep", { path: "/api/v1" }),
      say("hosted", { host: ["One.example", "two.example"], path: "/api" }),
    ]);
    const { port } = all[0] as (typeof all)[0];
    const ask = async (path: string, host = "a") => {
      const text = await exchange(port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      return text.split("\r\n\r\n")[1];
    };
    expect(await ask("/")).toBe("root /");
    expect(await ask("/apis")).toBe("root /");
    expect(await ask("/api?x")).toBe("api /api");
    expect(await ask("/api/v2")).toBe("api /api");
    expect(await ask("/api/v1/x")).toBe("deep /api/v1");
    expect(await ask("/api/v1", "one.EXAMPLE:8080")).toBe("hosted /api");
    expect(await ask("/other", "two.example.")).toBe("root /");
    await all[0]?.driver.close();
    expect(await ask("/other")).toContain("COC_HTTP_NO_ROUTE");
    expect(await ask("/api")).toBe("api /api");
    await Promise.all(all.map(({ driver }) => driver.close()));
    await expect(dial(port)).rejects.toThrow("ECONNREFUSED");
  });

  it("cannot have the same host and path", async () => {
    const plugin = httpDriver();
    const endpoint = `http://lo:${await freePort()}`;
    const first = await start((job) => answer(job, "first"), { endpoint, path: "/a" }, plugin, "first");
    const second = start(() => undefined, { endpoint: first.url, path: "/a" }, plugin, "second");
    await expect(second).rejects.toMatchObject({
      code: "COC_HTTP_ROUTE_TAKEN",
      message: expect.stringMatching(/\/a .*task "first".*task "second"/),
    });
    expect(await (await fetch(`${first.url}/a`)).text()).toBe("first");
  });

  it("must agree on the limits of connections", async () => {
    const plugin = httpDriver();
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    await start((job) => answer(job, "ok"), { endpoint, path: "/a" }, plugin);
    await expect(start(() => undefined, { endpoint, limits: { head: 4096 } }, plugin)).rejects.toMatchObject({
      code: "COC_HTTP_LIMITS",
      message: expect.stringContaining("limits.head"),
    });
    await start((job) => answer(job, "ok"), { endpoint, limits: { body: 10 } }, plugin);
  });

  it("fail together where the port is taken, and may try again", async () => {
    const taken = await start((job) => answer(job, "ok"));
    const plugin = httpDriver();
    const both = await Promise.allSettled(
      ["/a", "/b"].map((path) => serve((job) => answer(job, path), { endpoint: taken.url, path }, plugin)),
    );
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await taken.driver.close();
    const again = await start((job) => answer(job, "again"), { endpoint: taken.url, path: "/a" }, plugin);
    expect(await (await fetch(`${again.url}/a`)).text()).toBe("again");
  });
});

describe("pause", () => {
  it("answers 503 with Retry-After and keeps the socket", async () => {
    const { driver, port } = await start((job) => answer(job, "ok"));
    const client = await dial(port);
    const ask = () => client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    driver.pause?.("paused");
    ask();
    const text = await client.until(/COC_APP_PAUSED/);
    expect(text).toMatch(/^HTTP\/1.1 503 [\s\S]*Retry-After: 5/);
    driver.resume?.();
    ask();
    await client.until(/200 OK[\s\S]*ok$/);
  });

  it("because the queue is full lets requests wait, and serves them in their order when there is room", async () => {
    const { driver, port, jobs } = await start((job) => answer(job, "ok"));
    driver.pause?.("full");
    const [first, second, leaver] = await Promise.all([dial(port), dial(port), dial(port)]);
    const ask = (path: string, client = first) => client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const waiting = (count: number) =>
      vi.waitFor(() => expect(driver.info?.()).toMatchObject({ waiting: count, running: 0 }));
    ask("/first");
    await waiting(1);
    ask("/leaver", leaver);
    await waiting(2);
    ask("/second", second);
    await waiting(3);
    leaver.socket.destroy();
    await waiting(2);
    driver.resume?.();
    await Promise.all([first, second].map((client) => client.until(/200 OK[\s\S]*ok$/)));
    expect(jobs.map(({ metadata }) => metadata.http.url)).toEqual(["/first", "/second"]);
  });

  it("of the app answers those that waited for room", async () => {
    const { driver, port } = await start((job) => answer(job, "ok"));
    const client = await dial(port);
    driver.pause?.("full");
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await vi.waitFor(() => expect(driver.info?.()).toMatchObject({ waiting: 1 }));
    driver.pause?.("paused");
    await client.until(/COC_APP_PAUSED/);
  });

  it("does not cost those that waited for room when the task ends", async () => {
    const { driver, port } = await start((job) => answer(job, "ok"));
    const [client, late] = await Promise.all([dial(port), dial(port)]);
    driver.pause?.("full");
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await vi.waitFor(() => expect(driver.info?.()).toMatchObject({ waiting: 1 }));
    const draining = driver.drain();
    late.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await late.until(/COC_SHUTDOWN/);
    driver.resume?.();
    await client.until(/200 OK[\s\S]*ok$/);
    await draining;
  });
});

describe("drain", () => {
  it("takes no new jobs, ends what runs with Connection: close, and resolves when it was sent", async () => {
    const { driver, port, jobs } = await start(() => undefined);
    const client = await dial(port);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await vi.waitFor(() => expect(jobs).toHaveLength(1));
    let drained = false;
    const draining = driver.drain().then(() => (drained = true));
    expect(await exchange(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")).toMatch(/^HTTP\/1.1 503 [\s\S]*COC_SHUTDOWN/);
    expect(drained).toBe(false);
    const [job] = jobs;
    job?.sink.write(headOf(200));
    job?.sink.write(bytes("late"));
    job?.sink.end();
    await draining;
    expect(await client.closed()).toMatch(/Connection: close[\s\S]*late$/);
    expect(jobs).toHaveLength(1);
  });
});

describe("close", () => {
  it("may be called twice, and without start", async () => {
    const { driver } = await start((job) => answer(job, "ok"));
    await Promise.all([driver.close(), driver.close()]);
    await driver.close();
    const plugin = httpDriver();
    const { context } = createContext(() => undefined);
    await plugin.create(plugin.options.parse({ endpoint: "http://127.0.0.1:0" }), context).close();
  });

  it("while it starts leaves nothing open", async () => {
    const plugin = httpDriver();
    const port = await freePort();
    const { context } = createContext(() => undefined);
    const driver = plugin.create(plugin.options.parse({ endpoint: `http://127.0.0.1:${port}` }), context);
    const started = driver.start();
    await driver.close();
    await started;
    await expect(dial(port)).rejects.toThrow("ECONNREFUSED");
  });

  it("ends idle connections at once", async () => {
    const { driver, port } = await start((job) => answer(job, "ok"), { limits: { "idle-timeout": 600 } });
    const client = await dial(port);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.until(/ok$/);
    const before = performance.now();
    await driver.close();
    expect(performance.now() - before).toBeLessThan(500);
    await client.closed();
  });

  it("answers what has no answer yet with 503 and cancels its job", async () => {
    const { driver, port, jobs } = await start(() => undefined);
    const client = await dial(port);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await vi.waitFor(() => expect(jobs).toHaveLength(1));
    await driver.close();
    expect(await client.closed()).toMatch(/^HTTP\/1.1 503 [\s\S]*COC_SHUTDOWN/);
    expect(jobs[0]?.cancelled).toBeDefined();
  });

  it("ends in time though a client reads nothing and another sends half a head", async () => {
    const { driver, port, jobs } = await start((job) => {
      job.sink.write(headOf(200));
      while (job.sink.write(new Uint8Array(65_536))) if (job.cancelled !== undefined) return;
    });
    const client = await dial(port);
    client.socket.pause();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const half = await dial(port);
    half.send("GET / HT");
    await vi.waitFor(() => expect(jobs).toHaveLength(1));
    const before = performance.now();
    await driver.close();
    expect(performance.now() - before).toBeLessThan(3000);
    client.socket.destroy();
  });
});

describe("info", () => {
  it("tells the real endpoint and counts", async () => {
    const { driver, url } = await start((job) => answer(job, "ok", [], 404), { path: "/a" });
    await (await fetch(`${url}/a`)).text();
    await vi.waitFor(() =>
      expect(driver.info?.()).toMatchObject({
        endpoint: url,
        path: "/a",
        requests: 1,
        running: 0,
        statuses: { "4xx": 1 },
        aborted: 0,
      }),
    );
  });
});
