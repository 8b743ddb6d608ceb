import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { answer, bytes, headOf, textOf, whenWhole } from "./support/app.ts";
import { dial, exchange, last } from "./support/raw.ts";
import { useServers } from "./support/servers.ts";

const run = promisify(execFile);
const start = useServers();

describe("a request", () => {
  it("reaches the job with its head as it was received, and curl gets the answer", async () => {
    const { url, jobs, port } = await start((job) => answer(job, "hello", [["X-One", "1"]], 201));
    const { stdout } = await run("curl", ["-si", "-H", "X-TwO: a", "-H", "X-two: b", `${url}/some/path?q=1`]);
    expect(stdout).toMatch(/^HTTP\/1.1 201 Created\r\nX-One: 1\r\n/);
    expect(stdout).toContain("Content-Length: 5\r\n");
    expect(stdout).toContain("X-Request-Id: job-1\r\n");
    expect(stdout).toMatch(/Date: .* GMT\r\n/);
    expect(stdout).toMatch(/\r\n\r\nhello$/);
    const { http } = jobs[0]?.metadata ?? {};
    expect(http).toMatchObject({ method: "GET", url: "/some/path?q=1", httpVersion: "1.1", tls: false, path: "/" });
    expect(http?.headers).toContainEqual(["X-TwO", "a"]);
    expect(http?.headers).toContainEqual(["X-two", "b"]);
    expect(http?.local).toEqual({ address: "127.0.0.1", port });
    expect(http?.remote.address).toBe("127.0.0.1");
    expect(jobs[0]).toMatchObject({ whole: true, chunks: [] });
  });

  it("whose body came with the head is one chunk, whole", async () => {
    const { url, jobs, port } = await start((job) => answer(job, `got ${textOf(job)}`));
    const { stdout } = await run("curl", ["-s", "-d", "a=1", url]);
    expect(stdout).toBe("got a=1");
    const chunked = last("POST /", "Transfer-Encoding: chunked\r\n", "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n");
    expect(await exchange(port, chunked)).toContain("got abcde");
    expect(jobs.map(({ whole }) => whole)).toEqual([true, true]);
  });

  it("that is large streams into the job", async () => {
    const { url, jobs } = await start((job) => whenWhole(job, () => answer(job, String(textOf(job).length))));
    const response = await fetch(url, { method: "POST", body: "x".repeat(1_000_000) });
    expect(await response.text()).toBe("1000000");
    expect(jobs[0]?.whole).toBe(false);
  });

  it("is read no faster than its job takes it", async () => {
    const { url, jobs } = await start((job) => {
      job.room = false;
      whenWhole(job, () => answer(job, String(textOf(job).length)));
    });
    const response = fetch(url, { method: "POST", body: new Uint8Array(8_000_000) });
    await vi.waitFor(() => expect(jobs[0]?.chunks.length).toBeGreaterThan(1));
    const job = jobs[0] as (typeof jobs)[0];
    const held = textOf(job).length;
    // Other requests go round meanwhile, so that the first had every chance to flow on.
    for (let round = 0; round < 20; round++) await (await fetch(`${url}/other`)).text();
    expect(textOf(job).length).toBe(held);
    expect(held).toBeLessThan(1_000_000);
    job.room = true;
    job.sink.drain?.();
    expect(await (await response).text()).toBe("8000000");
  });

  it("in absolute form is told in origin form, unless it contradicts its Host", async () => {
    const { port, jobs } = await start((job) => answer(job, "ok"));
    expect(await exchange(port, last("GET http://a/x?y"))).toMatch(/^HTTP\/1.1 200/);
    expect(jobs[0]?.metadata.http.url).toBe("/x?y");
    expect(await exchange(port, last("GET http://b/x"))).toMatch(/^HTTP\/1.1 400/);
  });

  it("that is cancelled by its client cancels the job, in every state", async () => {
    const { port, jobs } = await start((job) => {
      const { url } = job.metadata.http;
      if (url !== "/waiting") job.sink.write(headOf(200));
      if (url === "/flowing") job.sink.write(bytes("x"));
    });
    for (const path of ["/waiting", "/headed", "/flowing"]) {
      const client = await dial(port);
      client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await vi.waitFor(() => expect(jobs.at(-1)?.metadata.http.url).toBe(path));
      client.socket.destroy();
      await vi.waitFor(() => expect(jobs.at(-1)?.cancelled).toBe("the client went away"));
    }
  });

  it("whose upload is aborted cancels the job", async () => {
    const { port, jobs } = await start(() => undefined);
    const client = await dial(port);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
    await vi.waitFor(() => expect(jobs[0]?.chunks).toHaveLength(1));
    client.socket.resetAndDestroy();
    await vi.waitFor(() => expect(jobs[0]?.cancelled).toBe("the client went away"));
  });

  it("with Expect is told to go on when the job is taken, and not when it is refused", async () => {
    const { port, jobs } = await start((job) => whenWhole(job, () => answer(job, textOf(job))), {
      limits: { body: 10 },
    });
    const client = await dial(port);
    const ask = (length: number) =>
      client.send(`POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`);
    ask(5);
    await client.until(/100 Continue\r\n\r\n$/);
    expect(jobs).toHaveLength(1);
    client.send("hello");
    await client.until(/200 OK[\s\S]*hello$/);
    ask(11);
    expect(await client.closed()).toMatch(/hello(?!.*100 Continue)HTTP\/1.1 413/s);
  });
});

describe("a response", () => {
  it("in one turn is one packet with Content-Length", async () => {
    const { port } = await start((job) => answer(job, "hello"));
    const client = await dial(port);
    const packets: string[] = [];
    client.socket.on("data", (data) => packets.push(String(data)));
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.until(/hello$/);
    expect(packets).toHaveLength(1);
  });

  it("streams chunk by chunk, and its head leaves before its body is there", async () => {
    const { port, jobs } = await start((job) => void job.sink.write(headOf(200, [["X-A", "b"]])));
    const client = await dial(port);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.until(/X-A: b[\s\S]*chunked\r\n\r\n$/);
    jobs[0]?.sink.write(bytes("one"));
    await client.until(/3\r\none\r\n$/);
    jobs[0]?.sink.write(bytes("two!"));
    jobs[0]?.sink.end();
    await client.until(/4\r\ntwo!\r\n0\r\n\r\n$/);
  });

  it("keeps the app's Content-Length, reason, and request id", async () => {
    const { port } = await start((job) => {
      const own: [string, string][] = [
        ["content-length", "6"],
        ["x-request-id", "mine"],
      ];
      job.sink.write(headOf(299, own, { reason: "Fine" }));
      job.sink.write(bytes("abc"));
      job.sink.write(bytes("def"));
      job.sink.end();
    });
    const text = await exchange(port, last("GET /"));
    expect(text).toMatch(/^HTTP\/1.1 299 Fine\r\n/);
    expect(text).toMatch(/content-length: 6\r\n/);
    expect(text.match(/x-request-id/gi)).toHaveLength(1);
    expect(text).toMatch(/\r\n\r\nabcdef$/);
  });

  it("has no headers that belong to the connection", async () => {
    const hop: [string, string][] = [
      ["Connection", "X-Hop, close"],
      ["X-Hop", "1"],
      ["Keep-Alive", "timeout=100"],
      ["Transfer-Encoding", "gzip"],
      ["Upgrade", "h2c"],
      ["X-Kept", "1"],
    ];
    const { port } = await start((job) => answer(job, "ok", hop));
    const client = await dial(port);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const text = await client.until(/ok$/);
    expect(text).toContain("X-Kept: 1");
    expect(text).toContain("Connection: keep-alive");
    expect(text).not.toMatch(/X-Hop|timeout=100|gzip|Upgrade/);
  });

  it("to HEAD, of 204 and of 304 has no body", async () => {
    const { port } = await start((job) => {
      const status = Number(job.metadata.http.url.slice(1));
      answer(job, "hello", [["Content-Length", "5"]], status);
    });
    const client = await dial(port);
    client.send("HEAD /200 HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.until(/200 OK[\s\S]*Content-Length: 5[\s\S]*\r\n\r\n$/);
    client.send("GET /204 HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.until(/204 No Content[\s\S]*\r\n\r\n$/);
    client.send("GET /304 HTTP/1.1\r\nHost: a\r\n\r\n");
    const text = await client.until(/304 Not Modified[\s\S]*\r\n\r\n$/);
    expect(text).not.toContain("hello");
    expect(text.slice(text.indexOf("204"), text.indexOf("304"))).not.toContain("Content-Length");
  });

  it("to a client of HTTP/1.0 ends with the connection", async () => {
    const { port } = await start((job) => {
      job.sink.write(headOf(200));
      job.sink.write(bytes("one"));
      setImmediate(() => {
        job.sink.write(bytes("two"));
        job.sink.end();
      });
    });
    expect(await exchange(port, "GET / HTTP/1.0\r\n\r\n")).toMatch(/\r\n\r\nonetwo$/);
  });

  it("that is shorter or longer than it says is cut off", async () => {
    const { url } = await start((job) => {
      const short = job.metadata.http.url === "/short";
      job.sink.write(headOf(200, [["Content-Length", short ? "10" : "2"]]));
      setImmediate(() => {
        job.sink.write(bytes("a"));
        job.sink.write(bytes("bc"));
        if (job.cancelled === undefined) job.sink.end();
      });
    });
    for (const path of ["short", "long"]) {
      await expect(fetch(`${url}/${path}`).then((response) => response.text())).rejects.toThrow();
    }
  });

  it("waits for a client that does not read", async () => {
    const chunk = new Uint8Array(64 * 1024);
    let left = 400;
    let waits = 0;
    const { port, jobs } = await start((job) => {
      const pump = () => {
        while (left > 0) {
          left--;
          if (!job.sink.write(chunk)) return void waits++;
        }
        job.sink.end();
      };
      job.onResume = pump;
      job.sink.write(headOf(200, [["Content-Length", String(400 * chunk.length)]]));
      pump();
    });
    const client = await dial(port);
    client.socket.pause();
    client.send(last("GET /"));
    await vi.waitFor(() => expect(waits).toBeGreaterThan(0));
    expect(left).toBeGreaterThan(0);
    client.socket.resume();
    expect((await client.closed()).split("\r\n\r\n")[1]).toHaveLength(400 * chunk.length);
    expect(jobs[0]?.resumed).toBeGreaterThan(0);
  });

  it("comes in the order of pipelined requests, whatever the order of their jobs", async () => {
    const { port, jobs } = await start(() => undefined);
    const client = await dial(port);
    client.send(
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    await vi.waitFor(() => expect(jobs).toHaveLength(3));
    for (const job of jobs.toReversed()) answer(job, `<${job.metadata.http.url}>`);
    await client.until(/<\/1>[\s\S]*<\/2>[\s\S]*<\/3>$/);
  });

  it("is 503 for a pipelined request beyond 128 that wait, and the connection goes on", async () => {
    const { port, jobs } = await start(() => undefined);
    const client = await dial(port);
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1000));
    await vi.waitFor(() => expect(jobs).toHaveLength(128));
    for (const job of jobs) answer(job, "ok");
    await client.until(/503 Service Unavailable[\s\S]*COC_HTTP_PIPELINE/);
    await vi.waitFor(() => expect(client.received().split("HTTP/1.1 ")).toHaveLength(1 + 1000));
    client.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    await vi.waitFor(() => expect(jobs.at(-1)?.metadata.http.url).toBe("/2"));
  });

  it("of pipelined requests is cancelled with all others when the client goes", async () => {
    const { port, jobs } = await start(() => undefined);
    const client = await dial(port);
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n".repeat(3));
    await vi.waitFor(() => expect(jobs).toHaveLength(3));
    client.socket.destroy();
    await vi.waitFor(() => expect(jobs.filter(({ cancelled }) => cancelled !== undefined)).toHaveLength(3));
  });
});

describe("a response that comes before its request is whole", () => {
  const endless = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

  it("reaches the client, and a body without end ends with the connection", async () => {
    const { port } = await start((job) => {
      job.sink.write(headOf(200));
      if (job.metadata.http.url === "/whole") return end();
      setImmediate(end);
      function end() {
        job.sink.write(bytes("enough"));
        job.sink.end();
      }
    });
    for (const path of ["/whole", "/flowing"]) {
      const client = await dial(port);
      client.send(endless.replace("/", path));
      const upload = setInterval(() => client.socket.writable && client.send("5\r\nhello\r\n"), 20);
      expect(await client.closed()).toMatch(/^HTTP\/1.1 200 [\s\S]*enough/);
      clearInterval(upload);
    }
  });

  it("keeps the connection if the body ends soon", async () => {
    const { port } = await start((job) => {
      job.sink.write(headOf(200));
      setImmediate(() => job.sink.end());
    });
    const client = await dial(port);
    client.send(endless);
    await client.until(/0\r\n\r\n$/);
    client.send("5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.until(/(HTTP\/1.1 200[\s\S]*){2}0\r\n\r\n$/);
  });
});

describe("X-Request-Id", () => {
  it("is the client's if it is sane, else the job's, and is in the access log", async () => {
    const { url, lines } = await start((job) => answer(job, "ok"), { "access-log": true });
    const idOf = async (id: string) =>
      (await fetch(url, { headers: { "X-Request-Id": id } })).headers.get("x-request-id");
    expect(await idOf("abc.D-1_")).toBe("abc.D-1_");
    expect(await idOf("no spaces")).toBe("job-2");
    expect(await idOf("x".repeat(129))).toBe("job-3");
    await vi.waitFor(() => expect(lines).toHaveLength(3));
    expect(lines[0]?.fields).toMatchObject({ requestId: "abc.D-1_", method: "GET", url: "/", status: 200, bytes: 2 });
  });
});
