import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";
import { lsdDiscovery } from "../../src/index.ts";
import { python } from "../support/programs.ts";
import { ask, askPid, soon, startClient, startServer } from "../support/servers.ts";

test("endpoints may come by a promise, also after some failures", async () => {
  const server = await startServer();
  let calls = 0;
  const { client, warnings } = startClient(async () => {
    if (calls++ < 2) throw new Error("not yet");
    return [server.endpoint];
  });
  expect(await askPid(client)).toBe(server.pid);
  expect(warnings).toMatchObject([
    { code: "COC_CLIENT_DISCOVERY", message: expect.stringContaining("not yet") },
    { code: "COC_CLIENT_DISCOVERY" },
  ]);
});

test("a server that is no longer listed gets nothing new and ends what it has", async () => {
  const [one, two] = [await startServer(), await startServer()];
  let list = (_endpoints: string[]) => {};
  const { client, warnings } = startClient(async function* () {
    yield [one.endpoint];
    for (;;) yield await new Promise<string[]>((resolve) => (list = resolve));
  });
  const held = ask(client, "silent");
  await vi.waitFor(() => expect(one.asked.length).toBe(1), soon);
  list([two.endpoint, "nonsense"]);
  await vi.waitFor(() => expect(client.info().endpoints.map(({ endpoint }) => endpoint)).toEqual([two.endpoint]), soon);
  for (let at = 0; at < 3; at++) expect(await askPid(client)).toBe(two.pid);
  expect(warnings).toMatchObject([{ code: "COC_CLIENT_UNREACHABLE", message: expect.stringContaining("nonsense") }]);
  const { client: other } = startClient([one.endpoint]);
  await ask(other, "release");
  expect(await held).toBe("");
});

/** A node: a server of LSD and a control port that tells of it by another address. */
async function startNode() {
  const server = await startServer();
  const control = python("control.py", server.endpoint.replace("127.0.0.1", "node.example"));
  onTestFinished(() => control.kill());
  return { server, control, port: Number(await control.line()) };
}

/** A list of hosts over HTTP. */
async function startList(read: () => { status?: number; text: string }): Promise<string> {
  const server = createServer((_request, response) => {
    const { status = 200, text } = read();
    response.writeHead(status).end(text);
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hosts`;
}

test("nodes are found by a list over HTTP and their control ports, and dropped when they are silent", async () => {
  const [one, two] = [await startNode(), await startNode()];
  let text = `# the nodes\n127.0.0.1\n127.0.0.1:${two.port} # the other\n127.0.0.1:1\n`;
  const hosts = await startList(() => ({ text }));
  const { client } = startClient(lsdDiscovery({ hosts, port: one.port, app: "app", task: "task", interval: 100 }));
  await ask(client, "x");
  const endpoints = () => client.info().endpoints.map(({ endpoint }) => endpoint);
  await vi.waitFor(() => expect(endpoints()).toEqual([one.server.endpoint, two.server.endpoint].sort()), soon);
  two.control.kill();
  await vi.waitFor(() => expect(endpoints()).toEqual([one.server.endpoint]), soon);
  expect(await askPid(client)).toBe(one.server.pid);
  text = "";
  await vi.waitFor(() => expect(endpoints()).toEqual([]), soon);
});

test.each([
  ["an app that is not there", { app: "other", task: "task" }],
  ["an app that does not run", { app: "idle", task: "task" }],
  ["a task of another type", { app: "app", task: "timer" }],
])("%s has no endpoints", async (_what, { app, task }) => {
  const node = await startNode();
  const folder = await mkdtemp(join(tmpdir(), "cocaine-client-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const list = join(folder, "hosts");
  await writeFile(list, "127.0.0.1\n");
  const lists: (readonly string[])[] = [];
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const discover = lsdDiscovery({ hosts: pathToFileURL(list), port: node.port, app, task, interval: 50 });
  const source = discover(controller.signal) as AsyncGenerator<readonly string[]>;
  lists.push((await source.next()).value);
  expect(lists).toEqual([[]]);
  await source.return(undefined);
});

test.each([
  ["a list that is not there", { status: 404, text: "" }, "answered 404"],
  ["a line that is no host", { text: "two words\n" }, '"two words"'],
  ["a list that is too long", { text: "127.0.0.1\n".repeat(200_000) }, "longer than"],
])("%s is told of by COC_CLIENT_DISCOVERY", async (_what, answer, message) => {
  const hosts = await startList(() => answer);
  const { warnings } = startClient(lsdDiscovery({ hosts, port: 1, app: "app", task: "task", interval: 50 }));
  await vi.waitFor(() => expect(warnings.length).toBeGreaterThan(0), soon);
  expect(warnings[0]).toMatchObject({ code: "COC_CLIENT_DISCOVERY", message: expect.stringContaining(message) });
});

test("what is found out after the client is closed is not connected to", async () => {
  let tell = (_endpoints: string[]) => {};
  const { client } = startClient(() => new Promise<string[]>((resolve) => (tell = resolve)));
  await client.close();
  tell(["tcp://127.0.0.1:1"]);
  await new Promise(setImmediate);
  expect(client.info().endpoints).toEqual([]);
});
