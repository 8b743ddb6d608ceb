import type { Revision } from "../contracts/storage.ts";
import { type CocaineError, createError, isCocaineError, messageOf } from "../errors.ts";
import type { Logger } from "../observe/log.ts";
import type { Serial } from "../serial.ts";
import { keepOn } from "./keep-on.ts";
import type { AppDocument, StoredApps } from "./stored-apps.ts";

/** Milliseconds before what could not be done is tried again: the first time, and at the most. */
const BACK_OFF = { min: 5000, max: 300_000 };

/** What the apps of the storage are run by. */
export interface SyncTarget {
  /** Whether the app is this node's own matter, whatever the storage says. */
  isOwn(name: string): boolean;
  /** Runs an app as it is stored, or runs it anew. */
  deploy(name: string, manifest: unknown): Promise<void>;
  setPaused(name: string, paused: boolean): void;
  remove(name: string): Promise<void>;
}

/** What this node made of a document. */
interface Applied {
  readonly revision: Revision;
  readonly manifest: string;
  readonly restarts: number;
  readonly failure: CocaineError | undefined;
}

export interface SyncOptions {
  readonly stored: StoredApps;
  readonly target: SyncTarget;
  readonly serial: Serial;
  readonly log: Logger;
}

/** Keeps the apps of a node like those of the storage. */
export interface Sync {
  /** Runs all that are stored. Each fails alone. @throws `COC_STORAGE_…` */
  start(): Promise<void>;
  /** Follows what changes from now on, until `close()`. */
  follow(): void;
  /** The node did it already; within the app's own series of steps. */
  applied(document: AppDocument): void;
  removed(name: string): void;
  /** Looks at an app soon, and at what the storage says of it. */
  look(name: string): void;
  /** Why an app does not run as it is stored. */
  readonly failures: ReadonlyMap<string, CocaineError>;
  close(): void;
}

export function createSync({ stored, target, serial, log }: SyncOptions): Sync {
  const known = new Map<string, Applied>();
  const failures = new Map<string, CocaineError>();
  const retries = new Map<string, { timer: NodeJS.Timeout; delay: number }>();
  const ended = new AbortController();

  function keep({ name, app, revision }: AppDocument, failure?: CocaineError): void {
    const { manifest, restarts = 0 } = app;
    known.set(name, { revision, manifest: JSON.stringify(manifest), restarts, failure });
    if (failure === undefined) {
      failures.delete(name);
      calm(name);
    } else failures.set(name, failure);
  }

  function forget(name: string): void {
    known.delete(name);
    failures.delete(name);
    calm(name);
  }

  function calm(name: string): void {
    clearTimeout(retries.get(name)?.timer);
    retries.delete(name);
  }

  /** Tries again later; each time later than the time before. */
  function again(name: string): void {
    const before = retries.get(name);
    clearTimeout(before?.timer);
    const delay = before === undefined ? BACK_OFF.min : Math.min(BACK_OFF.max, before.delay * 2);
    retries.set(name, { delay, timer: setTimeout(() => look(name), delay).unref() });
  }

  /** Does what a document says, where it differs from what was done. */
  async function apply(document: AppDocument): Promise<void> {
    const { name, app } = document;
    const before = known.get(name);
    const { manifest, paused = false, restarts = 0 } = app;
    const same = before !== undefined && before.manifest === JSON.stringify(manifest) && before.restarts === restarts;
    try {
      if (!same || before.failure !== undefined) await target.deploy(name, manifest);
      target.setPaused(name, paused);
      keep(document);
    } catch (error) {
      const failure = isCocaineError(error) ? error : createError("COC_DEPLOY", messageOf(error), { cause: error });
      if (failure.code === "COC_SHUTDOWN") return;
      keep(document, failure);
      log.error({ app: name, code: failure.code }, failure.message);
      // A manifest that is not valid is not valid later; a port may be free then, or the code there.
      if (failure.code !== "COC_MANIFEST") again(name);
    }
  }

  /** Looks at what is stored now, whatever it was that told of a change: what comes late does no harm. */
  async function converge(name: string): Promise<void> {
    if (ended.signal.aborted || target.isOwn(name)) return;
    try {
      const document = await stored.get(name);
      const before = known.get(name);
      if (document === undefined) {
        if (before === undefined) return;
        forget(name);
        await target.remove(name);
      } else if (before?.revision !== document.revision || before.failure !== undefined) await apply(document);
    } catch (error) {
      log.warn({ app: name, err: error }, `the app stays as it is for the moment: ${messageOf(error)}`);
      again(name);
    }
  }

  function look(name: string): void {
    void serial(name, () => converge(name));
  }

  return {
    async start() {
      const starting: Promise<void>[] = [];
      for await (const document of stored.list()) {
        starting.push(serial(document.name, () => apply(document)));
      }
      await Promise.all(starting);
    },
    follow() {
      const { signal } = ended;
      void keepOn(
        async () => {
          for await (const { name, revision } of stored.watch(signal)) {
            if (known.get(name)?.revision !== revision) look(name);
          }
        },
        { signal, log },
      );
    },
    applied: (document) => keep(document),
    removed: forget,
    look,
    failures,
    close() {
      ended.abort();
      for (const { timer } of retries.values()) clearTimeout(timer);
      retries.clear();
    },
  };
}
