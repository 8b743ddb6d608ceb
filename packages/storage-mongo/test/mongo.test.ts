import { once } from "node:events";
import { type Change, type Logger, type Storage, silentLogger } from "@cocaine/core/plugin";
import { MongoClient, ObjectId } from "mongodb";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { mongoStorage } from "../src/index.ts";
import { startWithPassword, startWithTls } from "./support/secured.ts";
import { type Options, type Server, startServer } from "./support/server.mjs";

const wait = { timeout: 20_000 };

async function start(options?: Options): Promise<Server> {
  const server = await startServer(options);
  onTestFinished(() => server.close());
  return server;
}

async function open(uri: string, options: object = {}, log: Logger = silentLogger()): Promise<Storage> {
  const plugin = mongoStorage();
  const storage = plugin.create(plugin.options.parse({ uri, "poll-interval": 100, ...options }), { log });
  onTestFinished(() => storage.close());
  await storage.start();
  return storage;
}

describe("a storage in MongoDB", () => {
  it("is shared by those that name the same database, and by no others", async () => {
    const { uri } = await start();
    const [one, two] = [await open(uri), await open(uri)];
    const other = await open(uri.replace(/\/[^/]+$/, "/other"));
    const revision = await one.put("apps", "shop", { version: 1 });
    expect(await two.get("apps", "shop")).toEqual({ key: "shop", value: { version: 1 }, revision });
    expect(await other.get("apps", "shop")).toBeNull();
    // One of many that take the same lease has it.
    const takers = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? one : two).put("leases", "a", index, { ifRevision: null }),
      ),
    );
    expect(takers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("is the database cocaine where the URI names none", async () => {
    const { uri } = await start();
    const bare = uri.replace(/\/[^/]+$/, "");
    await (await open(bare)).put("apps", "shop", 1);
    expect((await (await open(`${bare}/cocaine`)).get("apps", "shop"))?.value).toBe(1);
    expect(await (await open(bare, { database: "other" })).get("apps", "shop")).toBeNull();
  });

  it.each([
    ["with change streams", true],
    ["without change streams", false],
  ])(
    "%s goes on when its server was killed, and its watchers miss nothing for good",
    async (_, streams) => {
      const server = await start({ streams });
      const lines: string[] = [];
      const log = { ...silentLogger(), warn: (_: object, line: string) => void lines.push(line) };
      const storage = await open(server.uri, { "server-timeout": 500 }, log);
      await storage.put("apps", "kept", 1);
      await storage.put("apps", "gone", 1);
      const state = new Map<string, unknown>();
      const controller = new AbortController();
      const watching = (async () => {
        for await (const change of storage.watch("apps", { signal: controller.signal })) apply(state, change);
      })();
      await vi.waitFor(() => expect(state.size).toBe(2), wait);

      server.process?.kill("SIGKILL");
      await once(server.process as NonNullable<typeof server.process>, "exit");
      await expect(storage.get("apps", "kept")).rejects.toMatchObject({
        code: "COC_STORAGE_SERVER",
        message: expect.stringMatching(/mongodb:\/\/127.0.0.1:\d+\/.* cannot be reached .*see that it runs/),
      });
      await vi.waitFor(() => expect(lines.join()).toContain("not watched for the moment"), wait);
      await server.restart();

      const other = await open(server.uri);
      await other.delete("apps", "gone");
      await other.put("apps", "new", 2);
      await vi.waitFor(
        () =>
          expect([...state]).toEqual([
            ["kept", 1],
            ["new", 2],
          ]),
        wait,
      );
      await storage.put("apps", "new", 3);
      await vi.waitFor(() => expect(state.get("new")).toBe(3), wait);
      controller.abort();
      await watching;
      // Once for each time that it was away, not for each look.
      expect(lines.length).toBeLessThan(5);
    },
    60_000,
  );

  it("takes credentials from the URI (SCRAM), and says so where they are wrong, without telling them", async () => {
    const server = await startWithPassword();
    onTestFinished(() => server.close());
    const storage = await open(server.uri);
    await storage.put("apps", "shop", 1);
    expect((await storage.get("apps", "shop"))?.value).toBe(1);
    for (const user of ["cocaine:wrong", "nobody:a%20secret"]) {
      const failure: unknown = await open(server.as(user)).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        code: "COC_STORAGE_AUTH",
        message: expect.stringContaining("user and password"),
      });
      expect(String(failure)).not.toMatch(/secret|wrong/);
    }
    await expect(open(server.uri.replace(/\/\/.*@/, "//"))).rejects.toMatchObject({ code: "COC_STORAGE_AUTH" });
  }, 60_000);

  it("speaks TLS as the URI says", async () => {
    const server = await startWithTls();
    onTestFinished(() => server.close());
    const storage = await open(server.uri);
    await storage.put("apps", "shop", 1);
    expect((await storage.get("apps", "shop"))?.value).toBe(1);
    await expect(open(server.untrusted, { "server-timeout": 500 })).rejects.toMatchObject({
      code: "COC_STORAGE_SERVER",
      message: expect.stringMatching(/self-signed certificate/),
    });
  }, 60_000);

  it("that is not there is told at the start, soon", async () => {
    const begun = performance.now();
    await expect(open("mongodb://127.0.0.1:1/x", { "server-timeout": 300 })).rejects.toMatchObject({
      code: "COC_STORAGE_SERVER",
      message: expect.stringMatching(/mongodb:\/\/127.0.0.1:1\/x cannot be reached .*ECONNREFUSED.*host, port and tls/),
    });
    expect(performance.now() - begun).toBeLessThan(5000);
    await expect(open("mongodb://127.0.0.1:1/x?nonsense=1")).rejects.toThrow(/nonsense/);
    expect(mongoStorage().options.safeParse({ uri: "postgres://x" }).success).toBe(false);
  });

  it.each([true, false])(
    "leaves out what something else has written, and tells of it once (streams: %s)",
    async (streams) => {
      const { uri } = await start({ streams });
      const client = await new MongoClient(uri).connect();
      onTestFinished(() => client.close());
      const apps = client.db().collection<{ _id: string | ObjectId; json?: string; revision?: string }>("apps");
      const id = new ObjectId();
      await apps.insertMany([{ _id: "foreign" }, { _id: "half", json: "{", revision: "1" }, { _id: "old", json: "1" }]);
      await apps.insertOne({ _id: id, json: "1", revision: "1" });
      const lines: string[] = [];
      const log = { ...silentLogger(), error: (_: object, line: string) => void lines.push(line) };
      const storage = await open(uri, {}, log);
      await storage.put("apps", "shop", 1);
      const state = new Map<string, unknown>();
      const controller = new AbortController();
      const watching = (async () => {
        for await (const change of storage.watch("apps", { signal: controller.signal })) apply(state, change);
      })();
      await storage.put("apps", "other", 2);
      await vi.waitFor(() => expect(new Map(state)).toEqual(new Map(Object.entries({ shop: 1, other: 2 }))), wait);
      // What is damaged is gone for those who watch, and there again once it is written anew.
      await apps.updateOne({ _id: "other" }, { $set: { json: "{", revision: "2" } });
      await vi.waitFor(() => expect([...state.keys()]).toEqual(["shop"]), wait);
      const read = { code: "COC_STORAGE_VALUE", message: expect.stringContaining("apps/other was not written by a") };
      await expect(storage.get("apps", "other")).rejects.toMatchObject(read);
      await storage.put("apps", "other", 3);
      await vi.waitFor(() => expect(state.get("other")).toBe(3), wait);
      const listed: string[] = [];
      for (let time = 0; time < 2; time++) for await (const { key } of storage.list("apps")) listed.push(key);
      expect(listed).toEqual(["other", "shop", "other", "shop"]);
      await expect(storage.put("apps", "foreign", 1, { ifRevision: null })).rejects.toMatchObject({
        code: "COC_STORAGE_CONFLICT",
      });
      await storage.delete("apps", "foreign");
      controller.abort();
      await watching;
      expect(lines.map((line) => line.replace(/^left out: apps\/(\S+) was .*/, "$1")).sort()).toEqual(
        ["foreign", "half", "old", "other", String(id)].sort(),
      );
    },
  );

  it("refuses keys, collections and values that are none", async () => {
    const storage = await open((await start()).uri);
    const name = { code: "COC_STORAGE_NAME" };
    await expect(storage.put("Apps", "a", 1)).rejects.toMatchObject(name);
    await expect(storage.put("apps", "", 1)).rejects.toMatchObject(name);
    await expect(storage.get("apps", "x".repeat(201))).rejects.toMatchObject(name);
    const value = { code: "COC_STORAGE_VALUE" };
    await expect(storage.put("apps", "a", undefined)).rejects.toMatchObject(value);
    await expect(storage.put("apps", "a", 1n)).rejects.toMatchObject(value);
    const large = storage.put("apps", "a", "x".repeat(16 * 1024 * 1024));
    await expect(large).rejects.toMatchObject({ ...value, message: expect.stringContaining("split it") });
    await storage.close();
    await expect(storage.put("apps", "a", 1)).rejects.toMatchObject({ code: "COC_STORAGE_CLOSED" });
  });
});

function apply(state: Map<string, unknown>, change: Change): void {
  if (change.type === "put") state.set(change.document.key, change.document.value);
  else state.delete(change.key);
}
