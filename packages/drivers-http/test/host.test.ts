import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it, vi } from "vitest";
import { deploy } from "./support/host.ts";

const run = promisify(execFile);

/** Status and code of a failure. */
async function failureOf(url: string, init: RequestInit = {}) {
  const response = await fetch(url, init);
  const { code } = (await response.json()) as { code: string };
  return { status: response.status, code, retryAfter: response.headers.get("retry-after") };
}

it("an app of several tasks answers curl through real workers", async () => {
  const { url, host } = await deploy(["hello", "count"]);
  const { stdout } = await run("curl", ["-si", `${url}/hello?a=b`]);
  expect(stdout).toMatch(/^HTTP\/1.1 201 Created\r\n/);
  expect(stdout).toMatch(/x-app: hello\r\n/i);
  expect(stdout).toMatch(/\r\n\r\nGET \/hello\?a=b$/);
  expect(await (await fetch(`${url}/count`, { method: "POST", body: "12345" })).text()).toBe("5");
  expect(await failureOf(`${url}/nothing`)).toMatchObject({ status: 404, code: "COC_HTTP_NO_ROUTE" });
  expect(host.app("app").tasks.hello?.driver).toMatchObject({ endpoint: url, path: "/hello", statuses: { "2xx": 1 } });
});

it("100 MB go up and down", async () => {
  const { url } = await deploy(["count", "send"]);
  const up = await run("sh", ["-c", `head -c 100000000 /dev/zero | curl -s -T - ${url}/count`]);
  expect(up.stdout).toBe("100000000");
  const down = await run("sh", ["-c", `curl -s ${url}/send/1000 | wc -c`]);
  expect(down.stdout.trim()).toBe("100000000");
});

it("failures of app, worker, time and queue have their status, and tell no secret", async () => {
  const { url, lines } = await deploy(["fail", "crash", "hang"], { timeout: 1 }, { concurrency: 1, "queue-limit": 1 });
  const response = await fetch(`${url}/fail`);
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain("secret");
  expect(lines.join()).toContain("a secret of the app");
  const all = await Promise.all([1, 2, 3, 4].map(() => failureOf(`${url}/hang`)));
  const codes = all.map(({ status, code }) => `${status} ${code}`).sort();
  expect(codes).toEqual(["503 COC_QUEUE_FULL", "503 COC_QUEUE_FULL", "504 COC_DEADLINE", "504 COC_DEADLINE"]);
  expect(await failureOf(`${url}/crash`)).toMatchObject({ status: 502, code: "COC_WORKER_CRASHED" });
});

it("a client that goes away cancels its job", async () => {
  const { url, host } = await deploy(["hang"]);
  const controller = new AbortController();
  const gone = fetch(`${url}/hang`, { signal: controller.signal });
  await vi.waitFor(() => expect(host.app("app").jobs.running).toBe(1), { timeout: 10_000 });
  controller.abort();
  await expect(gone).rejects.toThrow();
  await vi.waitFor(() => expect(host.app("app").jobs.running).toBe(0), { timeout: 10_000 });
});

it("pause answers 503, and a restart under load loses no request", async () => {
  const { url, host } = await deploy(["hello"]);
  await host.pause("app");
  expect(await failureOf(`${url}/hello`)).toEqual({ status: 503, code: "COC_APP_PAUSED", retryAfter: "5" });
  await host.resume("app");
  const statuses: number[] = [];
  let restarted = false;
  const client = async () => {
    while (!restarted) {
      const response = await fetch(`${url}/hello`);
      await response.text();
      statuses.push(response.status);
    }
  };
  const clients = Array.from({ length: 4 }, client);
  await host.restart("app");
  restarted = true;
  await Promise.all(clients);
  expect(new Set(statuses)).toEqual(new Set([201]));
});

it("a reload with other options keeps the port", async () => {
  const { url, host, manifest } = await deploy(["hello"]);
  const { hello } = manifest.tasks as { hello: object };
  await host.deploy("app", { ...manifest, tasks: { hello: { ...hello, path: "/moved", methods: ["GET"] } } });
  expect(await (await fetch(`${url}/moved`)).text()).toBe("GET /moved");
  expect(await failureOf(`${url}/moved`, { method: "POST" })).toMatchObject({ status: 405, code: "COC_HTTP_METHOD" });
  expect((await fetch(`${url}/hello`)).status).toBe(404);
});

it("an app whose route is taken is not deployed, and the other goes on", async () => {
  const { url, host, manifest } = await deploy(["hello"]);
  await expect(host.deploy("other", manifest)).rejects.toMatchObject({
    code: "COC_DEPLOY",
    message: expect.stringMatching(/\/hello .*task "hello" of app "app"/),
  });
  expect((await fetch(`${url}/hello`)).status).toBe(201);
});
