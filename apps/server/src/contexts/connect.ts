import { type AdminClient, createRemoteClient, readKeyFile } from "@cocaine/admin";
import { createError, isCocaineError, messageOf, type NodeInfo } from "@cocaine/core";
import type { Context, PinnedNode } from "./store.ts";

/**
 * Connects to the first node of a context that answers: those that were pinned, then those that they told of.
 *
 * @throws the error of the one that was asked, where there is one; `COC_ADMIN_UNREACHABLE` with the reason of each
 */
export async function connect({ key: file, nodes, learned }: Context): Promise<AdminClient> {
  const key = await readKeyFile(file);
  const failures: unknown[] = [];
  for (const { endpoint, pin } of distinct([...nodes, ...learned])) {
    const client = createRemoteClient({ endpoint, key, pin });
    try {
      await client.start();
      return client;
    } catch (error) {
      await client.close();
      failures.push(error);
    }
  }
  const [first] = failures;
  if (failures.length === 1) throw first;
  const away = failures.every((error) => isCocaineError(error) && error.code === "COC_ADMIN_UNREACHABLE");
  const code = away || !isCocaineError(first) ? "COC_ADMIN_UNREACHABLE" : first.code;
  const reasons = failures.map((error) => `\n  ${messageOf(error)}`).join("");
  throw createError(code, `none of the context's ${failures.length} nodes can be used:${reasons}`);
}

/** The nodes that a node told of, as far as they can be administered. What it says came with its signature. */
export function learnedOf(nodes: readonly NodeInfo[]): PinnedNode[] {
  return nodes.flatMap(({ admin, address, hostname }) =>
    admin === undefined ? [] : { endpoint: reachable(admin.endpoint, address ?? hostname), pin: admin.fingerprint },
  );
}

/** A wildcard is no address: the node's own takes its place. */
function reachable(endpoint: string, address: string): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return endpoint.replace(/^tcp:\/\/(\*|0\.0\.0\.0|\[::\])(?=:\d+$)/, `tcp://${host}`);
}

function distinct(nodes: readonly PinnedNode[]): PinnedNode[] {
  return [...new Map(nodes.map((node) => [node.endpoint, node] as const).reverse()).values()].reverse();
}
