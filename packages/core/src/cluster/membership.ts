import { z } from "zod";
import type { Storage } from "../contracts/storage.ts";
import { messageOf } from "../errors.ts";
import type { Logger } from "../observe/log.ts";
import type { Beats } from "./beats.ts";
import type { NodeFacts, NodeInfo } from "./node-info.ts";

const COLLECTION = "nodes";
/** What changes all the time, such as the load, is written at every so manyth beat. */
const SELDOM = 3;

/** What the nodes of a cluster tell of themselves. */
export interface Membership {
  /** Writes what this node tells of itself, where it changed. Trouble is logged. */
  tell(): Promise<void>;
  /** All that live, in the order of their ids. @throws `COC_STORAGE_…` */
  list(): Promise<NodeInfo[]>;
  /** Removes what a process told that is gone. @throws `COC_STORAGE_…` */
  forget(process: string): Promise<void>;
  /** Removes what this node told, and tells no more. @throws `COC_STORAGE_…` */
  close(): Promise<void>;
}

export interface MembershipOptions {
  readonly storage: Storage;
  readonly beats: Beats;
  readonly ttl: number;
  readonly log: Logger;
  /** What this node tells of itself. */
  readonly describe: () => NodeFacts;
}

/** What others rely on of what a node tells: something else may have written there. */
const told = z.looseObject({
  id: z.string(),
  hostname: z.string(),
  version: z.string(),
  startedAt: z.number(),
  load: z.looseObject({ cpu: z.number(), memory: z.number() }),
  apps: z.array(z.looseObject({ name: z.string(), state: z.string(), tasks: z.record(z.string(), z.looseObject({})) })),
});

const isNode = (value: unknown): value is NodeFacts => told.safeParse(value).success;

export function createMembership({ storage, beats, ttl, log, describe }: MembershipOptions): Membership {
  let written = "";
  let turn = 0;
  /** One write at a time: none may come after what removes it. */
  let telling: Promise<void> | undefined;
  let again = false;
  let closed = false;

  async function write(): Promise<void> {
    const facts = describe();
    const lasting = JSON.stringify(facts.apps.map(({ queue, running, ...app }) => app)) + JSON.stringify(facts.admin);
    if (lasting === written && ++turn % SELDOM !== 0) return;
    try {
      await storage.put(COLLECTION, beats.self, facts);
      written = lasting;
    } catch (error) {
      log.debug({ err: error }, `what this node tells of itself was not stored: ${messageOf(error)}`);
    }
  }

  async function writeAll(): Promise<void> {
    while (again && !closed) {
      again = false;
      await write();
    }
  }

  return {
    tell() {
      again = true;
      telling ??= writeAll().finally(() => {
        telling = undefined;
      });
      return telling;
    },
    async list() {
      const living: NodeInfo[] = [];
      for await (const { key, value } of storage.list(COLLECTION)) {
        const self = key === beats.self;
        const age = self ? 0 : beats.silence(key);
        if (age < ttl && isNode(value)) living.push({ ...value, self, age });
      }
      return living.sort((a, b) => (a.id < b.id ? -1 : 1));
    },
    forget: (process) => storage.delete(COLLECTION, process),
    async close() {
      closed = true;
      await telling;
      await storage.delete(COLLECTION, beats.self);
    },
  };
}
