import { type HostOptions, memoryStorage } from "@cocaine/core";
import { createError, type Storage } from "@cocaine/core/plugin";
import { type Scripted, scripted } from "./scripted.ts";

/** One node's way to a storage, which can be cut. */
export interface Way {
  readonly storage: Storage;
  cut(): void;
  heal(): void;
  /** What is written to a collection from now on arrives, and is answered only when the function that it gives is called. */
  late(collection: string): () => void;
}

/** A way to a storage that others use too; closing it leaves that open. */
function wayTo(storage: Storage): Way {
  let open = true;
  const ended = new AbortController();
  const pass = <T>(work: () => Promise<T>): Promise<T> =>
    open ? work() : Promise.reject(createError("COC_STORAGE_SERVER", "the way to the storage is cut"));
  const missed = new Set<() => void>();
  const answers = new Map<string, Promise<void>>();
  return {
    storage: {
      shared: true,
      start: async () => undefined,
      close: async () => ended.abort(),
      get: (...args) => pass(() => storage.get(...args)),
      put: (...args) =>
        pass(async () => {
          const answer = answers.get(args[0]);
          const revision = await storage.put(...args);
          await answer;
          return revision;
        }),
      delete: (...args) => pass(() => storage.delete(...args)),
      async *list(collection) {
        await pass(async () => undefined);
        yield* storage.list(collection);
      },
      async *watch(collection, { signal }) {
        const stop = AbortSignal.any([signal, ended.signal]);
        for await (const change of storage.watch(collection, { signal: stop })) {
          while (!open && !stop.aborted) {
            await new Promise<void>((resolve) => {
              missed.add(resolve);
              stop.addEventListener("abort", () => resolve(), { once: true });
            });
          }
          yield change;
        }
      },
    },
    cut() {
      open = false;
    },
    late(collection) {
      let answer: () => void = () => undefined;
      answers.set(collection, new Promise((resolve) => (answer = resolve)));
      return () => {
        answers.delete(collection);
        answer();
      };
    },
    heal() {
      open = true;
      for (const wake of missed) wake();
      missed.clear();
    },
  };
}

export interface Node extends Scripted, Way {}

export interface TestCluster {
  readonly storage: Storage;
  node(id: string, options?: Partial<HostOptions>): Promise<Node>;
  close(): Promise<void>;
}

/** Milliseconds that leases last in tests. */
export const TTL = 600;

/** Hosts on one storage. */
export function testCluster(): TestCluster {
  const storage = memoryStorage({ shared: true });
  const nodes: Node[] = [];
  return {
    storage,
    async node(id, options = {}) {
      const way = wayTo(storage);
      const made = await scripted(undefined, undefined, {
        storage: way.storage,
        node: { id },
        leaseTtl: TTL,
        ...options,
      });
      const node = { ...made, ...way };
      nodes.push(node);
      return node;
    },
    async close() {
      for (const node of nodes) node.heal();
      await Promise.all(nodes.map((node) => node.close()));
      await storage.close();
    },
  };
}
