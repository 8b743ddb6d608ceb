import { expect, it } from "vitest";
import { startWorker, type TestWorker } from "./support/worker.ts";

const http = { method: "GET", url: "/", httpVersion: "1.1", headers: [["host", "x"]], tls: false };

/** Head and body of what a method answers a web driver with. */
async function get(worker: TestWorker, method: string, request = "") {
  const job = await worker.call(method, request, { http });
  const [head, ...body] = job.chunks.map((chunk) => Buffer.from(chunk).toString("utf8"));
  return { head: JSON.parse(head ?? "null"), body };
}

it("a Response gives its status, headers and body", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  const page = await get(worker, "page");
  expect(page.body).toEqual(["<p>hé</p>"]);
  expect(page.head).toEqual({
    status: 201,
    headers: [
      ["content-type", "text/html"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ],
  });
  expect(await get(worker, "redirect")).toEqual({ head: { status: 302, headers: [["location", "/"]] }, body: [] });
  expect((await get(worker, "streamed")).body).toEqual(["one,", "two"]);
});

it("anything else is given a head that fits", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  const types: Record<string, string | undefined> = {
    text: "text/plain; charset=utf-8",
    json: "application/json",
    number: "application/json",
    echo: "application/octet-stream",
    buffer: "application/octet-stream",
    asyncGenerator: "text/plain; charset=utf-8",
    readable: "text/plain; charset=utf-8",
    nothing: undefined,
  };
  for (const [method, type] of Object.entries(types)) {
    const { head, body } = await get(worker, method, "{}");
    const headers = Object.fromEntries(head.headers);
    expect(head.status, method).toBe(200);
    expect(headers["content-type"], method).toBe(type);
    if ("content-length" in headers) {
      expect(Number(headers["content-length"]), method).toBe(Buffer.byteLength(body.join("")));
    }
  }
});

it("a failure before the head is an error, and so is one after it", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  expect(await worker.call("fail", "", { http })).toMatchObject({ chunks: [], failure: { error: "TypeError" } });
  const broken = await worker.call("broken", "", { http });
  expect([broken.chunks.length, broken.failure?.error]).toEqual([2, "RangeError"]);
});

it("a Response of a task that no web driver runs is its body", async () => {
  const worker = await startWorker("app.mjs");
  await worker.hello();
  expect((await worker.call("page")).text()).toBe("<p>hé</p>");
});
