import { Code, type CreditMessage } from "@cocaine/core/plugin";
import { expect, test, vi } from "vitest";
import { fixture, startEngine } from "./support/engine.ts";
import { fetch, fetchOk, get } from "./support/http.ts";

const start = (env: Record<string, string> = {}) =>
  startEngine(fixture("asgi_app.py"), { type: "python+asgi", concurrency: 8, env });

const web = (path: string) => ({ metadata: { http: get(path) } });

test("the scope is what ASGI says, with the state of the lifespan", async () => {
  await using engine = await start();
  await engine.hello();
  const answer = await fetchOk(engine, get("/scope/%C3%B6?a=%20b", { path: "/scope", headers: [["Host", "x"]] }));
  expect(answer.header("content-type")).toBe("text/plain");
  expect(answer.header("content-length")).toBe(String(Buffer.byteLength(answer.body)));
  for (const part of [
    "'type': 'http'",
    "'http_version': '1.1'",
    "'method': 'GET'",
    "'scheme': 'http'",
    "'path': '/scope/ö'",
    "'raw_path': b'/scope/%C3%B6'",
    "'query_string': b'a=%20b'",
    "'root_path': '/scope'",
    "'headers': [(b'host', b'x')]",
    "'client': ('192.0.2.7', 50000)",
    "'server': ('192.0.2.1', 80)",
    "'state': {'greeting': 'hello'}",
  ]) {
    expect(answer.body).toContain(part);
  }
});

test("a request streams in with credit, and a response streams out", async () => {
  await using engine = await start();
  await engine.hello();
  engine.invoke(1, "web", undefined, { ...web("/size"), end: false });
  for (let piece = 0; piece < 3; piece++) engine.write(1, Buffer.alloc(100_000));
  const credit = await engine.inbox.find((message): message is CreditMessage => message.code === Code.CREDIT);
  expect(credit.bytes).toBe(200_000);
  engine.write(1, Buffer.alloc(100_000), true);
  expect((await engine.answer(1)).text).toContain("400000");
  expect((await fetchOk(engine, get("/size"), "12345")).body).toBe("5");
  expect((await fetchOk(engine, get("/stream"))).chunks).toEqual(["one ", "two ", "three"]);
});

test("a response waits for credit, and others go on meanwhile", async () => {
  await using engine = await start();
  await engine.hello();
  engine.invoke(1, "web", undefined, web("/flood"));
  expect((await fetchOk(engine, get("/stream"))).body).toBe("one two three");
  expect(engine.output()).not.toContain("flooded");
  expect((await engine.answer(1)).text).toHaveLength(64 * 65_536 + '{"status":200,"headers":[]}'.length);
});

test("trailers are the last chunk, as the head says", async () => {
  await using engine = await start();
  await engine.hello();
  const { chunks } = await engine.call("web", "", web("/trailers"));
  expect(chunks.map((chunk) => JSON.parse(`[${Buffer.from(chunk)}]`.replace("body", '"body"'))[0])).toEqual([
    { status: 200, headers: [], trailers: true },
    "body",
    [
      ["x-sum", "4"],
      ["x-last", "1"],
    ],
  ]);
});

test("requests run at the same time", async () => {
  await using engine = await start();
  await engine.hello();
  const answers = await Promise.all([fetchOk(engine, get("/meet")), fetchOk(engine, get("/meet"))]);
  expect(answers.map(({ body }) => body)).toEqual(["met", "met"]);
});

test("a client that leaves is told by http.disconnect, and code that goes on is cancelled", async () => {
  await using engine = await start();
  await engine.hello();
  for (const [job, path] of ["/leaves", "/stays"].entries()) engine.invoke(job + 1, "web", undefined, web(path));
  for (const job of [1, 2]) engine.send({ code: Code.CANCEL, job, reason: "the client left" });
  expect((await engine.answer(1)).error?.error).toBe("cancelled");
  expect((await engine.answer(2)).error?.error).toBe("cancelled");
  for (const line of ["heard http.disconnect", "nobody there", "was cancelled"]) {
    await vi.waitFor(() => expect(engine.output()).toContain(line));
  }
});

test("what goes on after the response ends before the worker, and the application is shut down", async () => {
  await using engine = await start();
  await engine.hello();
  expect((await fetchOk(engine, get("/after"))).body).toBe("first");
  engine.send({ code: Code.TERMINATE, reason: "enough" });
  expect((await engine.exited).code).toBe(0);
  expect(engine.output()).toMatch(/then this\nshut down/);
});

test("an application that fails, is silent or says a wrong length fails its job alone", async () => {
  await using engine = await start();
  await engine.hello();
  expect((await fetch(engine, get("/fails"))).error).toMatchObject({ error: "ValueError", message: "on purpose" });
  const late = await fetch(engine, get("/late"));
  expect([late.body, late.error?.message]).toEqual(["begun", "too late"]);
  expect((await fetch(engine, get("/silent"))).error?.message).toContain("without completing its response");
  expect((await fetch(engine, get("/short"))).error?.message).toBe("Content-Length says 5, and the body has 3 bytes");
  expect((await engine.call("plain", "hello")).text).toBe("hello from a thread");
});

test("an application that says that it cannot start ends its worker with what it says", async () => {
  await using engine = await start({ FAILS: "no database" });
  expect((await engine.exited).code).toBe(1);
  expect(engine.output()).toContain("StartupFailed: no database");
});
