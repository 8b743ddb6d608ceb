import { Readable } from "node:stream";
import { expect, test, vi } from "vitest";
import { createLsdClient } from "../../src/index.ts";
import { type Asked, ask, askPid, soon, startClient, startServer } from "../support/servers.ts";

const policy = { maxRetries: 2 };

test("a request says its policy as the servers of 2011 read it, and its response is iterated over", async () => {
  const server = await startServer();
  const { client } = startClient([server.endpoint]);
  const deadline = Date.now() + 20_000;
  const chunks: string[] = [];
  for await (const chunk of client.call("many 3", { urgent: true, mailboxed: true, timeout: 2500, deadline })) {
    chunks.push(Buffer.from(chunk).toString());
  }
  expect(chunks).toEqual(["0", "1", "2"]);
  const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/);
  expect(await server.heard(1)).toEqual([
    { envelope: { uuid, urgent: true, mailboxed: true, timeout: 2.5, deadline: deadline / 1000 }, body: "many 3" },
  ]);
  expect(client.info()).toEqual({
    endpoints: [{ endpoint: server.endpoint, state: "open", unfinished: 0 }],
    open: 0,
    waiting: 0,
    resent: 0,
  });
});

test("a call that says nothing has the client's policy, and a deadline after its lifetime", async () => {
  const server = await startServer();
  const { client } = startClient([server.endpoint], { policy: { urgent: true, timeout: 1000 }, lifetime: 5000 });
  await ask(client, "x");
  const [{ envelope } = { envelope: {} as Asked["envelope"] }] = await server.heard(1);
  expect(envelope).toMatchObject({ urgent: true, mailboxed: false, timeout: 1 });
  expect(Math.abs(Number(envelope.deadline) * 1000 - Date.now() - 5000)).toBeLessThan(5000);
  const { client: patient } = startClient([server.endpoint], { lifetime: 0 });
  await ask(patient, "y");
  expect((await server.heard(2)).at(-1)).toMatchObject({ envelope: { timeout: 0, deadline: 0 }, body: "y" });
});

test.each([
  [400, "COC_LSD_REQUEST"],
  [500, "COC_LSD_SERVER"],
  [502, "COC_LSD_APP"],
  [503, "COC_LSD_RESOURCE"],
  [504, "COC_LSD_TIMEOUT"],
  [520, "COC_DEADLINE"],
  [599, "COC_LSD_SERVER"],
])("an answer of %i is %s", async (code, error) => {
  const server = await startServer();
  const { client } = startClient([server.endpoint], { policy });
  await expect(ask(client, `code ${code}`)).rejects.toMatchObject({
    code: error,
    message: expect.stringContaining(`${server.endpoint} answered ${code}: as you say`),
    details: { endpoint: server.endpoint, code, message: "as you say" },
  });
  await server.heard(code === 503 ? 3 : 1);
});

test("a request that was refused is sent again after a while", async () => {
  const server = await startServer();
  const { client } = startClient([server.endpoint]);
  expect(await ask(client, "refuse-once")).toContain("refuse-once");
  const [first, second] = await server.heard(2);
  expect(first?.envelope.uuid).toBe(second?.envelope.uuid);
  expect(client.info().resent).toBe(1);
});

test("a server that refuses does not attract what others would serve", async () => {
  const servers = [await startServer(), await startServer()];
  const { client } = startClient(servers.map(({ endpoint }) => endpoint));
  await vi.waitFor(() => expect(client.info().endpoints.map(({ state }) => state)).toEqual(["open", "open"]), soon);
  for (let at = 0; at < 20; at++) await ask(client, "refuse-once");
  expect(client.info().resent).toBeGreaterThan(0);
  // Each was refused once by either server at the most, and a server that has just refused was passed over.
  expect(client.info().resent).toBeLessThan(40);
});

test("the requests of a server that is killed are sent again to another one", async () => {
  const [one, two] = [await startServer(), await startServer()];
  const { client, warnings } = startClient([one.endpoint, two.endpoint]);
  await vi.waitFor(() => expect(client.info().endpoints.map(({ state }) => state)).toEqual(["open", "open"]), soon);
  const asked = Promise.all(Array.from({ length: 10 }, () => ask(client, "silent")));
  await vi.waitFor(() => expect(one.asked.length + two.asked.length).toBe(10), soon);
  expect([one.asked.length, two.asked.length]).toEqual([5, 5]);
  one.signal("SIGKILL");
  await vi.waitFor(() => expect(two.asked.length).toBe(10), soon);
  const release = ask(client, "release");
  expect(await asked).toEqual(Array(10).fill(""));
  await release;
  expect(client.info()).toMatchObject({ resent: 5, open: 0 });
  expect(warnings.map(({ code }) => code)).toContain("COC_CLIENT_LOST");
});

test("a server that hangs is left after the silence, and taken again when it goes on", async () => {
  const [one, two] = [await startServer(), await startServer()];
  const { client } = startClient([one.endpoint, two.endpoint], { silence: 1000 });
  await vi.waitFor(() => expect(client.info().endpoints.map(({ state }) => state)).toEqual(["open", "open"]), soon);
  one.signal("SIGSTOP");
  const pids = await Promise.all([askPid(client), askPid(client), askPid(client), askPid(client)]);
  expect(new Set(pids)).toEqual(new Set([two.pid]));
  one.signal("SIGCONT");
  await vi.waitFor(() => expect(client.info().endpoints.map(({ state }) => state)).toEqual(["open", "open"]), soon);
  const both = await Promise.all([askPid(client), askPid(client)]);
  expect(new Set(both)).toEqual(new Set([one.pid, two.pid]));
});

test("a client that begins before its server waits for it, and finds it again after a restart", async () => {
  const first = await startServer();
  first.signal("SIGKILL");
  const { client, warnings } = startClient([first.endpoint]);
  const early = askPid(client);
  await vi.waitFor(() => expect(warnings.map(({ code }) => code)).toEqual(["COC_CLIENT_UNREACHABLE"]), soon);
  const second = await startServer(first.endpoint);
  expect(await early).toBe(second.pid);
  second.signal("SIGKILL");
  const third = await startServer(first.endpoint);
  await vi.waitFor(async () => expect(await askPid(client)).toBe(third.pid), soon);
});

test("a response of which chunks were handed over fails when its server is lost", async () => {
  const server = await startServer();
  const { client } = startClient([server.endpoint]);
  const response = client.call("half");
  expect((await response.next()).value).toEqual(new Uint8Array(Buffer.from("half")));
  server.signal("SIGKILL");
  await expect(response.next()).rejects.toMatchObject({
    code: "COC_CLIENT_LOST",
    message: expect.stringContaining(server.endpoint),
  });
  expect(client.info()).toMatchObject({ open: 0, resent: 0 });
});

test("a response may begin anew if the caller allows it", async () => {
  const [one, two] = [await startServer(), await startServer()];
  const { client } = startClient([one.endpoint, two.endpoint]);
  await vi.waitFor(() => expect(client.info().endpoints.map(({ state }) => state)).toEqual(["open", "open"]), soon);
  const heard: string[] = [];
  const response = client.call("half", { onRestart: () => heard.push("restart") });
  heard.push(Buffer.from((await response.next()).value ?? []).toString());
  await vi.waitFor(() => expect(one.asked.length + two.asked.length).toBe(1), soon);
  (one.asked.length === 1 ? one : two).signal("SIGKILL");
  heard.push(Buffer.from((await response.next()).value ?? []).toString());
  expect(heard).toEqual(["half", "restart", "half"]);
  await response.return();
});

test("without retries a request of a lost server fails", async () => {
  const server = await startServer();
  const { client } = startClient([server.endpoint], { policy: { maxRetries: 0 } });
  const asked = ask(client, "silent");
  await vi.waitFor(() => expect(server.asked.length).toBe(1), soon);
  server.signal("SIGKILL");
  await expect(asked).rejects.toMatchObject({
    code: "COC_CLIENT_LOST",
    message: expect.stringContaining("maxRetries"),
  });
});

test("a deadline that passes is COC_DEADLINE, whether a server was reached or not", async () => {
  const server = await startServer();
  const { client } = startClient([server.endpoint]);
  await expect(ask(client, "silent", { deadline: Date.now() + 100 })).rejects.toMatchObject({
    code: "COC_DEADLINE",
    message: expect.stringContaining("before a response was complete"),
  });
  server.signal("SIGKILL");
  await vi.waitFor(() => expect(client.info().endpoints[0]?.state).toBe("down"), soon);
  await expect(ask(client, "x", { deadline: Date.now() + 100 })).rejects.toMatchObject({
    code: "COC_DEADLINE",
    message: expect.stringContaining("before a server could be reached"),
  });
  await expect(ask(client, "x", { deadline: Date.now() - 1 })).rejects.toMatchObject({ code: "COC_DEADLINE" });
  expect(client.info()).toMatchObject({ open: 0, waiting: 0 });
});

test("what a server refuses again and again ends at its deadline, with what it said", async () => {
  const server = await startServer();
  const { client } = startClient([server.endpoint], { policy: { maxRetries: 1000 } });
  await expect(ask(client, "code 503", { deadline: Date.now() + 300 })).rejects.toMatchObject({
    code: "COC_DEADLINE",
    message: expect.stringContaining("answered 503: as you say"),
    cause: { code: "COC_LSD_RESOURCE" },
  });
});

test("a signal gives a request up, before it is sent and while it runs", async () => {
  const server = await startServer();
  const { client } = startClient([server.endpoint]);
  await expect(ask(client, "x", { signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
  const controller = new AbortController();
  const asked = ask(client, "silent", { signal: controller.signal });
  await vi.waitFor(() => expect(server.asked.length).toBe(1), soon);
  controller.abort(new Error("enough"));
  await expect(asked).rejects.toThrow("enough");
  expect(client.info()).toMatchObject({ open: 0, endpoints: [{ unfinished: 0 }] });
  // What the server answers after all goes nowhere.
  expect(await ask(client, "release")).toContain("release");
});

test("leaving the loop gives a request up", async () => {
  const server = await startServer();
  const { client } = startClient([server.endpoint]);
  for await (const chunk of client.call("many 1000")) {
    expect(Buffer.from(chunk).toString()).toBe("0");
    break;
  }
  expect(client.info()).toMatchObject({ open: 0, endpoints: [{ unfinished: 0 }] });
  expect(await ask(client, "x")).toContain("x");
});

test("each request goes to the server that has the fewest", async () => {
  const [one, two] = [await startServer(), await startServer()];
  const { client } = startClient([one.endpoint, two.endpoint]);
  await vi.waitFor(() => expect(client.info().endpoints.map(({ state }) => state)).toEqual(["open", "open"]), soon);
  const held = ask(client, "silent");
  await vi.waitFor(() => expect(one.asked.length + two.asked.length).toBe(1), soon);
  const [busy, free] = one.asked.length === 1 ? [one, two] : [two, one];
  for (let at = 0; at < 10; at++) expect(await askPid(client)).toBe(free.pid);
  free.signal("SIGKILL");
  await vi.waitFor(
    () =>
      expect(
        client
          .info()
          .endpoints.map(({ state }) => state)
          .sort(),
      ).toEqual(["down", "open"]),
    soon,
  );
  expect(await askPid(client, "release")).toBe(busy.pid);
  await held;
});

test("who does not read stops its server, and gets all when it reads", async () => {
  const server = await startServer();
  const { client } = startClient([server.endpoint], { window: 1_048_576 });
  const before = process.memoryUsage().rss;
  const response = client.call("flood 3000");
  await response.next();
  let last = -1;
  await vi.waitFor(
    () => {
      const now = process.memoryUsage().rss;
      const grown = Math.abs(now - last);
      last = now;
      expect(grown).toBeLessThan(1_000_000);
    },
    { timeout: 15_000, interval: 200 },
  );
  expect(last - before).toBeLessThan(60 * 1024 * 1024);
  let chunks = 1;
  for await (const chunk of response) chunks += chunk.length === 65_536 ? 1 : 0;
  expect(chunks).toBe(3000);
});

test("a reader who leaves a response unread does not hold up the others for ever", async () => {
  const server = await startServer();
  const { client } = startClient([server.endpoint], { window: 100_000 });
  const unread = client.call("flood 1000", { deadline: Date.now() + 500 });
  await unread.next();
  expect(await ask(client, "x")).toContain("x");
  await expect(unread.next()).rejects.toMatchObject({ code: "COC_DEADLINE" });
});

test("more requests than the backlog takes are COC_CLIENT_FULL", async () => {
  const { client } = startClient(async () => [], { backlog: 2 });
  const waiting = [ask(client, "1"), ask(client, "2")].map((asked) => asked.catch(({ code }) => code));
  await expect(ask(client, "3")).rejects.toMatchObject({
    code: "COC_CLIENT_FULL",
    message: expect.stringMatching(/^2 /),
  });
  expect(client.info()).toMatchObject({ open: 2, waiting: 2 });
  await client.close();
  expect(await Promise.all(waiting)).toEqual(["COC_CLIENT_CLOSED", "COC_CLIENT_CLOSED"]);
});

test("an urgent request that waits is sent first", async () => {
  let list = (_endpoints: string[]) => {};
  const { client } = startClient(() => new Promise<string[]>((resolve) => (list = resolve)));
  const asked = [ask(client, "1"), ask(client, "2", { urgent: true }), ask(client, "3")];
  await vi.waitFor(() => expect(client.info().waiting).toBe(3), soon);
  const server = await startServer();
  list([server.endpoint]);
  await Promise.all(asked);
  expect((await server.heard(3)).map(({ body }) => body)).toEqual(["2", "1", "3"]);
});

test("closing fails all calls, and may be done twice", async () => {
  const server = await startServer();
  const { client } = startClient([server.endpoint]);
  const asked = ask(client, "silent").catch(({ code }) => code);
  await vi.waitFor(() => expect(server.asked.length).toBe(1), soon);
  await Promise.all([client.close(), client.close()]);
  expect(await asked).toBe("COC_CLIENT_CLOSED");
  await client.close();
  await expect(ask(client, "x")).rejects.toMatchObject({ code: "COC_CLIENT_CLOSED" });
});

test("a client that was not started says so, and can be closed", async () => {
  const client = createLsdClient({ endpoints: ["tcp://127.0.0.1:1"] });
  await expect(ask(client, "x")).rejects.toMatchObject({
    code: "COC_CLIENT_CLOSED",
    message: expect.stringContaining("start()"),
  });
  await client.close();
});

test("an endpoint that cannot be read is refused at once", () => {
  expect(() => createLsdClient({ endpoints: ["localhost:1"] })).toThrow(/"localhost:1"/);
});

test.each(["hello", '{"uuid":"a"}', '{"uuid":7,"completed":true}', '{"completed":true}'])(
  "a server that says %s is told of by COC_CLIENT_PROTOCOL, and the calls go on",
  async (head) => {
    const server = await startServer();
    const { client, warnings } = startClient([server.endpoint]);
    expect(await ask(client, `garbage ${head}`)).toContain("garbage");
    expect(warnings).toMatchObject([
      { code: "COC_CLIENT_PROTOCOL", message: expect.stringContaining(server.endpoint) },
    ]);
  },
);

test("what onRestart throws ends its call, and no other", async () => {
  const server = await startServer();
  const { client } = startClient([server.endpoint], { policy: { maxRetries: 1 } });
  const onRestart = () => {
    throw new Error("not twice");
  };
  const first = client.call("half", { onRestart });
  await first.next();
  const others = [1, 2].map(() => ask(client, "silent", { maxRetries: 0 }));
  await server.heard(3);
  server.signal("SIGKILL");
  await expect(first.next()).rejects.toThrow("not twice");
  for (const other of others) await expect(other).rejects.toMatchObject({ code: "COC_CLIENT_LOST" });
  expect(client.info()).toMatchObject({ open: 0, waiting: 0 });
});

test("the client's own policy holds where a call says undefined", async () => {
  const server = await startServer();
  const { client } = startClient([server.endpoint], { policy: { maxRetries: 0 } });
  const asked = ask(client, "refuse-once", Object.fromEntries([["maxRetries", undefined]]));
  await expect(asked).rejects.toMatchObject({ code: "COC_LSD_RESOURCE" });
  await server.heard(1);
});

test("a call is given up at once by who leaves it while it waits, as a stream does", async () => {
  const server = await startServer();
  const { client } = startClient([server.endpoint], { lifetime: 0 });
  const call = client.call("silent");
  const next = call.next();
  await server.heard(1);
  await call.return();
  expect(await next).toEqual({ done: true, value: undefined });
  expect(client.info().open).toBe(0);

  const streams = [1, 2].map(() => Readable.from(client.call("silent")).resume());
  await server.heard(3);
  streams[0]?.destroy();
  streams[1]?.on("error", () => undefined).destroy(new Error("the other end went away"));
  await vi.waitFor(() => expect(client.info().open).toBe(0), soon);
  expect(await ask(client, "hello")).toContain("hello");
});
