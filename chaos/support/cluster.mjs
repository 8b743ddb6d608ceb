import { startServer as startMongo } from "../../packages/storage-mongo/test/support/server.mjs";
import { createNetwork, until } from "./namespaces.mjs";
import { startServer } from "./server.mjs";

/** Nodes of a cluster, each on a machine of its own as far as its network goes, and a database on another. */
export async function startCluster(programs, { ids, leaseTtl }) {
  const network = createNetwork();
  const nodes = new Map();
  let database;

  /** Starts a node, or one anew that was ended. @param prefix in front of the program */
  async function start(id, prefix = []) {
    const { place } = nodes.get(id) ?? { place: network.add() };
    const args = ["--address", place.address, "--lease-ttl", leaseTtl];
    const server = await startServer(programs, {
      id,
      storage: `${database.uri}?serverSelectionTimeoutMS=2000`,
      prefix: [...place.prefix, ...prefix],
      args,
    });
    nodes.set(id, { place, server, prefix });
    return server;
  }

  async function close() {
    for (const { server } of nodes.values()) {
      server.signal("SIGCONT");
      server.signal("SIGKILL");
      await server.close();
    }
    await database?.close();
    network.close();
  }

  try {
    const place = network.add();
    database = await startMongo({ host: place.address, prefix: place.prefix });
    for (const id of ids) await start(id);
  } catch (error) {
    await close();
    throw error;
  }
  const server = (id) => nodes.get(id).server;
  return {
    network,
    database,
    server,
    place: (id) => nodes.get(id).place,
    /** Starts a node anew that was ended. */
    async restart(id, prefix = nodes.get(id).prefix) {
      await server(id).close();
      return start(id, prefix);
    },
    /** Resolves when an app is so on all nodes. */
    all: (app, fits, seconds) =>
      until(
        async () => {
          for (const id of ids) {
            const info = await server(id)
              .control.call("info", { app })
              .catch(() => undefined);
            if (!fits(info)) return false;
          }
          return true;
        },
        `all nodes have ${app} as it is to be`,
        seconds,
      ),
    close,
  };
}
