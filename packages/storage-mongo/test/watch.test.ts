import { getEventListeners } from "node:events";
import { silentLogger } from "@cocaine/core/plugin";
import { MongoClient } from "mongodb";
import { expect, it, onTestFinished, vi } from "vitest";
import type { Stored } from "../src/document.ts";
import { createReader } from "../src/reader.ts";
import { watchCollection } from "../src/watch.ts";
import { startServer } from "./support/server.mjs";

it("a watch that begins anew again and again leaves nothing behind", async () => {
  const server = await startServer();
  onTestFinished(() => server.close());
  const client = await new MongoClient(server.uri).connect();
  onTestFinished(() => client.close());
  const apps = client.db().collection<Stored>("apps");
  const log = silentLogger();
  const read = createReader(log);
  const controller = new AbortController();
  const { signal } = controller;
  const told: string[] = [];
  const watching = (async () => {
    for await (const change of watchCollection(apps, { signal, interval: 50, read, log })) {
      told.push(change.type === "put" ? `put ${change.document.key}` : `delete ${change.key}`);
    }
  })();
  for (let round = 0; round < 5; round++) {
    await apps.insertOne({ _id: "shop", json: String(round), revision: String(round) });
    await vi.waitFor(() => expect(told).toEqual(["put shop"]), 10_000);
    await apps.drop();
    await vi.waitFor(() => expect(told).toEqual(["put shop", "delete shop"]), 10_000);
    told.length = 0;
  }
  expect(getEventListeners(signal, "abort").length).toBeLessThan(3);
  controller.abort();
  await watching;
  expect(getEventListeners(signal, "abort")).toEqual([]);
}, 60_000);
