import { once } from "node:events";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
// By path: a server of MongoDB's protocol is for the tests of that package and this one.
import { startServer } from "../../../packages/storage-mongo/test/support/server.mjs";
import { startNode } from "./support/node.ts";
import { root } from "./support/programs.ts";

it("apps that are deployed are kept in a MongoDB, through kill -9 of the server", async () => {
  const database = await startServer();
  onTestFinished(() => database.close());
  const storage = database.uri;
  const first = await startNode({ storage });
  const deployed = await first.cocaine(["deploy", join(root, "examples/hello-js/hello-js.yaml"), "--name", "hello"]);
  expect(deployed.stderr).toBe("");
  expect(await first.names()).toEqual(["hello"]);
  first.signal("SIGKILL");
  await first.ended;
  const second = await startNode({ storage });
  expect(await second.names()).toEqual(["hello"]);

  // While the database is away what runs goes on, and a deploy says why it is not kept.
  database.process?.kill("SIGKILL");
  await once(database.process as NonNullable<typeof database.process>, "exit");
  expect(await second.names()).toEqual(["hello"]);
  const failed = await second.cocaine(["deploy", join(root, "examples/hello-js/hello-js.yaml"), "--name", "hello"]);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toMatch(/could not be stored: .*cannot be reached/s);
}, 60_000);
