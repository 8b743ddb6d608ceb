import type { Lease } from "../cluster/leases.ts";
import type { DriverState } from "../contracts/driver.ts";
import type { Revision, Storage } from "../contracts/storage.ts";
import { createCountdown } from "../engine/countdown.ts";
import { isCocaineError, messageOf } from "../errors.ts";
import type { Logger } from "../observe/log.ts";

const COLLECTION = "driverstates";
/** Milliseconds between two writes of one task: a timer may run far more often. */
const PAUSE = 1000;

/** What is stored of one task. */
interface StoredState {
  /** Type of the driver: another one has no use for it. */
  readonly type: string;
  readonly value: unknown;
  /** Of the lease under which it was written. */
  readonly term?: number;
}

/** What drivers keep of their tasks: one document for each, and one for each node where every node runs the task. */
export interface DriverStates {
  /** @param lease - under which the driver runs: what it keeps is for the holder after it, too */
  of(app: string, task: string, type: string, lease?: Lease): DriverState;
  /** Resolves when what was saved of a task is written, or cannot be. */
  saved(app: string, task: string): Promise<void>;
  /** Forgets an app that is gone. */
  remove(app: string): Promise<void>;
  /** Resolves when all that was saved is written. */
  idle(): Promise<void>;
}

export interface DriverStatesOptions {
  readonly storage: Storage;
  readonly log: Logger;
  /** Id of the node. */
  readonly node: string;
}

/** A task whose state was loaded or saved by this process. */
interface Entry {
  readonly app: string;
  readonly lease: Lease | undefined;
  state: StoredState | undefined;
  written: StoredState | undefined;
  /** That of what was written or read last, where it matters. */
  revision: Revision | null;
  writing: Promise<void> | undefined;
  /** Somebody waits for it: no pauses. */
  urgent: boolean;
  /** Ends the pause between two writes. */
  hurry: () => void;
}

export function createDriverStates({ storage, log, node }: DriverStatesOptions): DriverStates {
  const entries = new Map<string, Entry>();

  const keyOf = (app: string, task: string, lease: Lease | undefined): string =>
    storage.shared && lease === undefined ? `${app}/${task}@${node}` : `${app}/${task}`;

  /** Writes what was saved last, until that is what is written. */
  async function write(key: string, entry: Entry): Promise<void> {
    while (entry.written !== entry.state && entries.get(key) === entry) {
      const state = entry.state as StoredState;
      try {
        await (entry.lease === undefined ? storage.put(COLLECTION, key, state) : putLeased(key, entry, state));
      } catch (error) {
        // The next save tries again.
        log.error({ app: entry.app, err: error }, `what a driver keeps was not stored: ${messageOf(error)}`);
      }
      entry.written = state;
      await pause(entry);
    }
    entry.writing = undefined;
  }

  async function pause(entry: Entry): Promise<void> {
    if (entry.urgent) return;
    const countdown = createCountdown();
    entry.hurry = () => countdown.shorten(0);
    countdown.shorten(PAUSE);
    await countdown.up;
  }

  /** Not over what a later holder of the lease wrote: this one may have slept meanwhile. */
  async function putLeased(key: string, entry: Entry, state: StoredState): Promise<void> {
    for (;;) {
      try {
        entry.revision = await storage.put(COLLECTION, key, state, { ifRevision: entry.revision });
        return;
      } catch (error) {
        if (!isCocaineError(error) || error.code !== "COC_STORAGE_CONFLICT") throw error;
      }
      const found = await storage.get(COLLECTION, key);
      if (((found?.value as StoredState | undefined)?.term ?? 0) > (state.term ?? 0)) return;
      entry.revision = found?.revision ?? null;
    }
  }

  async function settle(all: readonly Entry[]): Promise<void> {
    await Promise.all(
      all.map(async (entry) => {
        entry.urgent = true;
        entry.hurry();
        await entry.writing;
        entry.urgent = false;
      }),
    );
  }

  return {
    of(app, task, type, lease) {
      const key = keyOf(app, task, lease);
      const open = (): Entry => {
        const known = entries.get(key);
        if (known !== undefined && known.lease === lease) return known;
        const state = lease === undefined ? known?.state : undefined;
        const made: Entry = {
          app,
          lease,
          state,
          written: state,
          revision: null,
          writing: undefined,
          urgent: false,
          hurry: () => undefined,
        };
        entries.set(key, made);
        return made;
      };
      return {
        async load() {
          const entry = open();
          if (entry.state === undefined) {
            const found = await storage.get(COLLECTION, key);
            entry.revision = found?.revision ?? null;
            entry.state ??= found?.value as StoredState | undefined;
            entry.written ??= entry.state;
          }
          return entry.state?.type === type ? entry.state.value : undefined;
        },
        save(value) {
          if (lease?.holds() === false) return;
          const entry = open();
          entry.state = { type, value, ...(lease && { term: lease.term }) };
          entry.writing ??= write(key, entry);
        },
      };
    },
    async saved(app, task) {
      const keys = [`${app}/${task}`, `${app}/${task}@${node}`];
      await settle(keys.flatMap((key) => entries.get(key) ?? []));
    },
    async remove(app) {
      const gone: string[] = [];
      for (const [key, entry] of entries) {
        if (!key.startsWith(`${app}/`)) continue;
        entries.delete(key);
        await settle([entry]);
      }
      for await (const { key } of storage.list(COLLECTION)) if (key.startsWith(`${app}/`)) gone.push(key);
      for (const key of gone) await storage.delete(COLLECTION, key);
    },
    idle: () => settle([...entries.values()]),
  };
}
