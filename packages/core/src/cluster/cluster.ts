import type { Storage } from "../contracts/storage.ts";
import { messageOf } from "../errors.ts";
import type { Logger } from "../observe/log.ts";
import { createBeats } from "./beats.ts";
import { keepOn } from "./keep-on.ts";
import { createLeaseBook } from "./lease-book.ts";
import { type Claim, type Claimant, createLeases } from "./leases.ts";
import { createMembership } from "./membership.ts";
import type { NodeFacts, NodeInfo } from "./node-info.ts";

export interface ClusterOptions {
  readonly storage: Storage;
  readonly log: Logger;
  /** Milliseconds that a lease lasts. */
  readonly ttl: number;
  /** Id of the node. */
  readonly node: string;
  /** What this node tells of itself. */
  readonly describe: () => NodeFacts;
}

/** What a node has to do with the others. */
export interface Cluster {
  /** Becomes a member. @throws `COC_STORAGE_…` */
  start(): Promise<void>;
  /** Claims the lease of a task; `undefined` where no other node could have it. */
  readonly claim: ((key: string, claimant: Claimant) => Claim) | undefined;
  /** What this node tells of itself has changed. */
  changed(): void;
  /** All nodes. @throws `COC_STORAGE_…` */
  nodes(): Promise<NodeInfo[]>;
  /** Leaves: what was held has been given back before. Trouble is logged. */
  close(): Promise<void>;
}

/** A node on a storage that other nodes may use, or on one of its own. */
export function createCluster(options: ClusterOptions): Cluster {
  return options.storage.shared ? createMember(options) : createHermit(options);
}

function createHermit({ describe }: ClusterOptions): Cluster {
  return {
    start: async () => undefined,
    claim: undefined,
    changed: () => undefined,
    nodes: async () => [{ ...describe(), self: true, age: 0 }],
    close: async () => undefined,
  };
}

function createMember({ storage, log, ttl, node, describe }: ClusterOptions): Cluster {
  const ended = new AbortController();
  const beats = createBeats({ storage, log, node, ttl });
  const book = createLeaseBook(storage);
  const leases = createLeases({ beats, book, node, ttl, log });
  const membership = createMembership({ storage, beats, ttl, log, describe });
  let following: Promise<void> | undefined;

  return {
    async start() {
      await book.load();
      await beats.start({
        beaten() {
          leases.review();
          void membership.tell();
        },
        lapsed() {
          log.warn({}, "the storage was away for too long: tasks that run once in the cluster are left to other nodes");
          leases.lapse();
        },
        forgotten: (process) => membership.forget(process),
      });
      const { signal } = ended;
      following = keepOn(() => book.follow((key) => leases.changed(key), signal), { signal, log });
      await membership.tell();
    },
    claim: leases.claim,
    changed: () => void membership.tell(),
    nodes: () => membership.list(),
    async close() {
      ended.abort();
      // It never became a member, or is about to.
      if (following === undefined) return beats.stop();
      try {
        await membership.close();
        await beats.close();
        await following;
      } catch (error) {
        log.warn({ err: error }, `this node is listed as one of the cluster for a while: ${messageOf(error)}`);
      } finally {
        beats.stop();
      }
    },
  };
}
