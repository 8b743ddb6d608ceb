import { MongoClient } from "mongodb";
import { expect, it, onTestFinished } from "vitest";
import { startLesser } from "./support/lesser.ts";

it("the server without what newer ones have refuses that, and serves all else", async () => {
  const server = await startLesser();
  onTestFinished(() => server.close());
  const client = await new MongoClient(server.uri).connect();
  onTestFinished(() => client.close());
  const things = client.db().collection<{ _id: string; n?: number }>("things");
  await things.insertOne({ _id: "a" });
  await things.updateOne({ _id: "a" }, { $set: { n: 1 } });
  expect(await things.findOneAndUpdate({ _id: "a" }, { $inc: { n: 1 } })).toMatchObject({ n: 1 });
  await expect(things.createIndex({ n: 1 }, { expireAfterSeconds: 1 })).rejects.toThrow("no TTL indexes");
  await expect(things.updateOne({ _id: "a" }, [{ $set: { n: 3 } }])).rejects.toThrow("no updates by pipelines");
  await expect(things.findOneAndUpdate({ _id: "a" }, [{ $unset: "n" }])).rejects.toThrow("no updates by pipelines");
  const watched = things.watch();
  await expect(watched.next()).rejects.toThrow("no change streams");
  const inTransaction = client.withSession((session) =>
    session.withTransaction(() => things.insertOne({ _id: "b" }, { session })),
  );
  await expect(inTransaction).rejects.toThrow(/transactions/i);
  expect(await things.find().toArray()).toEqual([{ _id: "a", n: 2 }]);
});
