import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { connect, envelope } from "./support/lsd.ts";
import { run } from "./support/programs.ts";
import { serve } from "./support/serve.ts";

const soon = { timeout: 15_000, interval: 20 };

test("a client in C on libzmq asks 2,000 times, in messages of 50 pairs", async () => {
  const { endpoint, folder, info } = await serve({ engine: { "queue-limit": 5000 } });
  const program = join(folder, "pairs");
  execFileSync("cc", ["-o", program, fileURLToPath(new URL("fixtures/pairs.c", import.meta.url)), "-lzmq"]);
  expect(await run(program, endpoint("echo"), 40, 50).ended()).toEqual(["2000"]);
  expect(info("echo")).toMatchObject({ requests: 2000, replies: 2000, running: 0 });
});

test("an urgent request goes before those that wait", async () => {
  const { endpoint, journal } = await serve({ engine: { concurrency: 1, prefetch: 0 } });
  const client = connect(endpoint("sleep"));
  client.ask("first", "500");
  const notes = connect(endpoint("note"));
  await vi.waitFor(async () => {
    notes.send("", envelope("1"), "one", envelope("2"), "two", envelope("3", { urgent: true }), "urgent");
    const ended: string[] = [];
    while (ended.length < 3) {
      const { uuid, completed } = await notes.next();
      if (completed) ended.push(uuid);
    }
    expect(ended).toEqual(["3", "1", "2"]);
  }, soon);
  expect((await journal()).split("\n").slice(-4)).toEqual(["urgent", "one", "two", ""]);
});

test("a client that is killed has its jobs cancelled", async () => {
  const { endpoint, journal, info } = await serve({ engine: { concurrency: 1, prefetch: 0 } });
  const client = connect(endpoint("wait"));
  client.send("", envelope("1"), "", envelope("2"), "");
  await vi.waitFor(async () => expect(await journal()).toBe("begun\n"), soon);
  await vi.waitFor(() => expect(info("wait")).toMatchObject({ running: 2 }), soon);
  client.kill();
  await vi.waitFor(() => expect(info("wait")).toMatchObject({ running: 0, abandoned: 2, clients: 0 }), soon);
  await vi.waitFor(async () => expect(await journal()).toBe("begun\ncancelled\n"), soon);
});

test("a client that is stopped is taken for gone after limits.silence", async () => {
  const { endpoint, info } = await serve({ task: { limits: { silence: 2 } } });
  const client = connect(endpoint("wait"));
  client.ask("1");
  await vi.waitFor(() => expect(info("wait")).toMatchObject({ running: 1 }), soon);
  process.kill(client.pid, "SIGSTOP");
  await vi.waitFor(() => expect(info("wait")).toMatchObject({ running: 0, abandoned: 1, clients: 0 }), soon);
});

test("a full queue with overflow block stops in the middle of a message, and all of it is served", async () => {
  const { endpoint, info } = await serve({
    engine: { concurrency: 1, "queue-limit": 2, prefetch: 0 },
    task: { overflow: "block" },
  });
  const client = connect(endpoint("sleep"));
  client.send("", ...Array.from({ length: 20 }, (_, at) => [envelope(String(at)), at === 0 ? "300" : "1"]).flat());
  await vi.waitFor(() => expect(info("sleep").requests).toBeGreaterThan(0), soon);
  expect(info("sleep").requests).toBeLessThan(10);
  const ended: string[] = [];
  while (ended.length < 20) {
    const { uuid, completed, code } = await client.next();
    expect(code).toBe(undefined);
    if (completed) ended.push(uuid);
  }
  expect(ended).toEqual(Array.from({ length: 20 }, (_, at) => String(at)));
});

test("a client that does not read stops its job, not the server, and gets all when it reads", async () => {
  const { endpoint, journal, info } = await serve({ engine: { "pool-limit": 2 } });
  const before = process.memoryUsage().rss;
  const client = connect(endpoint("flood"));
  client.ask("warm", "1");
  await client.all();
  process.kill(client.pid, "SIGSTOP");
  const flooded = connect(endpoint("flood"));
  process.kill(client.pid, "SIGCONT");
  client.ask("much", "3000");
  await client.next();
  process.kill(client.pid, "SIGSTOP");
  let last = -1;
  await vi.waitFor(
    async () => {
      const now = (await journal()).length;
      const same = now === last;
      last = now;
      expect(same).toBe(true);
    },
    { timeout: 15_000, interval: 500 },
  );
  expect(last).toBeLessThan(2000);
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  flooded.ask("other", "2");
  expect((await flooded.all()).length).toBe(3);
  process.kill(client.pid, "SIGCONT");
  const rest = await client.all();
  expect(rest.length).toBe(3000);
  expect(rest.at(-1)).toEqual({ uuid: "much", completed: true });
  expect(info("flood")).toMatchObject({ replies: 3, running: 0 });
});

describe("start", () => {
  test("a port that is taken is COC_ZMQ_ADDRESS_IN_USE, and names task, endpoint and what to do", async () => {
    const { endpoint, host } = await serve();
    const taken = endpoint("echo");
    await expect(deployOn(host, taken)).rejects.toMatchObject({
      code: "COC_DEPLOY",
      message: expect.stringContaining(`The endpoint ${taken} of task "echo" is taken: end the program that has it`),
    });
  });

  test.each(["tcp://nosuchinterface:1", "ipc:///no/such/folder/app.sock"])("%s is COC_ZMQ_ENDPOINT", async (where) => {
    const { host } = await serve();
    await expect(deployOn(host, where)).rejects.toMatchObject({
      message: expect.stringContaining(`The endpoint ${where} of task "echo" cannot be bound`),
    });
  });
});

function deployOn(host: Awaited<ReturnType<typeof serve>>["host"], endpoint: string) {
  const tasks = { echo: { type: "server+lsd", endpoint } };
  return host.deploy("other", {
    type: "js",
    args: fileURLToPath(new URL("fixtures/app.mjs", import.meta.url)),
    tasks,
  });
}
