import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { type App, answer, type Served, serve, textOf, whenWhole } from "./support/app.ts";

const run = promisify(execFile);
const open: Served[] = [];

async function start(app: App, options: object = {}): Promise<Served> {
  const served = await serve(app, options);
  open.push(served);
  return served;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map(({ driver }) => driver.close()));
});

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
    const { url, jobs } = await start((job) => answer(job, `got ${textOf(job)}`));
    const { stdout } = await run("curl", ["-s", "-d", "a=1", url]);
    expect(stdout).toBe("got a=1");
    expect(jobs[0]).toMatchObject({ whole: true });
  });

  it("that is large streams into the job", async () => {
    const { url, jobs } = await start((job) => whenWhole(job, () => answer(job, String(textOf(job).length))));
    const response = await fetch(url, { method: "POST", body: "x".repeat(1_000_000) });
    expect(await response.text()).toBe("1000000");
    expect(jobs[0]?.whole).toBe(false);
  });
});
