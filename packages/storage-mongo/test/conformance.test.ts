import { randomUUID } from "node:crypto";
import { silentLogger } from "@cocaine/core/plugin";
import { testStorage } from "@cocaine/testing";
import { afterAll, beforeAll, describe, test } from "vitest";
import { mongoStorage } from "../src/index.ts";
import { startLesser } from "./support/lesser.ts";
import { startWithPassword, startWithTls } from "./support/secured.ts";
import { findServer, type Server, startServer } from "./support/server.mjs";

describe.each([
  ["with change streams", findServer],
  ["without change streams", () => startServer({ streams: false })],
  ["without TTL indexes, transactions and updates by pipelines", startLesser],
  ["with SCRAM", startWithPassword],
  ["with TLS", startWithTls],
])("a server %s", (_, start: () => Promise<Server>) => {
  let server: Server;
  beforeAll(async () => {
    server = await start();
    console.log(`storage-mongo is tested on ${server.what}`);
  }, 60_000);
  afterAll(() => server?.close());

  testStorage({
    test,
    open: async () => {
      const plugin = mongoStorage();
      const uri = server.uri.replace(/\/[^/?]+(\?|$)/, `/t${randomUUID().slice(0, 20)}$1`);
      const storage = plugin.create(plugin.options.parse({ uri, "poll-interval": 100 }), { log: silentLogger() });
      await storage.start();
      return storage;
    },
  });
});
