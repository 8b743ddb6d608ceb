import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
// By path: a server of MongoDB's protocol is for the tests of that package and this one.
import { type Server, startServer } from "../../../../packages/storage-mongo/test/support/server.mjs";
import { type RunningNode, startNode } from "./node.ts";
import { type Wire, wireTo } from "./wire.ts";

const code = fileURLToPath(new URL("../fixtures/cluster/app.mjs", import.meta.url));

/** A node whose way to the storage can be cut. */
export interface ClusterNode extends RunningNode {
  readonly id: string;
  readonly wire: Wire;
}

export interface RunningCluster {
  readonly database: Server;
  start(id: string): Promise<ClusterNode>;
}

/** Real nodes on one database. @param leaseTtl seconds */
export async function startCluster(leaseTtl: number): Promise<RunningCluster> {
  const database = await startServer();
  onTestFinished(() => database.close());
  const { port, pathname } = new URL(database.uri);
  return {
    database,
    async start(id) {
      const wire = await wireTo(Number(port));
      const storage = `mongodb://127.0.0.1:${wire.port}${pathname}?directConnection=true`;
      const args = ["--node-id", id, "--lease-ttl", String(leaseTtl)];
      return { ...(await startNode({ storage, args })), id, wire };
    },
  };
}

/** An app on the code of the cluster's tests. */
export function clusterApp(tasks: object, more: object = {}): object {
  return { type: "js", args: code, engine: { "pool-min": 1, "pool-limit": 1 }, ...more, tasks };
}
