import type { DriverState } from "../contracts/driver.ts";
import type { Storage } from "../contracts/storage.ts";
import { messageOf } from "../errors.ts";
import type { Logger } from "../observe/log.ts";

const COLLECTION = "driverstates";

/** What is stored of one task. */
interface StoredState {
  /** Type of the driver: another one has no use for it. */
  readonly type: string;
  readonly value: unknown;
}

/** What drivers keep of their tasks: one document for each. */
export interface DriverStates {
  of(app: string, task: string, type: string): DriverState;
  /** Forgets an app that is gone. */
  remove(app: string): Promise<void>;
  /** Resolves when all that was saved is written. */
  idle(): Promise<void>;
}

/** A task whose state was saved by this process. */
interface Saved {
  state: StoredState;
  written: StoredState | undefined;
  writing: Promise<void> | undefined;
}

export function createDriverStates({ storage, log }: { storage: Storage; log: Logger }): DriverStates {
  const saved = new Map<string, Saved>();

  /** Writes what was saved last, until that is what is written. */
  async function write(app: string, key: string, entry: Saved): Promise<void> {
    while (entry.written !== entry.state && saved.get(key) === entry) {
      const { state } = entry;
      try {
        await storage.put(COLLECTION, key, state);
      } catch (error) {
        // The next save tries again.
        log.error({ app, err: error }, `what a driver keeps was not stored: ${messageOf(error)}`);
      }
      entry.written = state;
    }
    entry.writing = undefined;
  }

  async function load(key: string): Promise<StoredState | undefined> {
    const known = saved.get(key);
    if (known !== undefined) return known.state;
    return (await storage.get(COLLECTION, key))?.value as StoredState | undefined;
  }

  return {
    of(app, task, type) {
      const key = `${app}/${task}`;
      return {
        async load() {
          const state = await load(key);
          return state?.type === type ? state.value : undefined;
        },
        save(value) {
          const entry = saved.get(key) ?? { state: { type, value }, written: undefined, writing: undefined };
          entry.state = { type, value };
          saved.set(key, entry);
          entry.writing ??= write(app, key, entry);
        },
      };
    },
    async remove(app) {
      const gone: string[] = [];
      for (const [key, entry] of saved) {
        if (!key.startsWith(`${app}/`)) continue;
        saved.delete(key);
        await entry.writing;
      }
      for await (const { key } of storage.list(COLLECTION)) if (key.startsWith(`${app}/`)) gone.push(key);
      for (const key of gone) await storage.delete(COLLECTION, key);
    },
    async idle() {
      await Promise.all([...saved.values()].map(({ writing }) => writing));
    },
  };
}
