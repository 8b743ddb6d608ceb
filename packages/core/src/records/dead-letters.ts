import type { JobRequest } from "../contracts/driver.ts";
import { createError, isCocaineError, messageOf } from "../errors.ts";
import type { DeadLetter } from "./dead-letter.ts";
import { createLedger, type Entry, type LedgerOptions } from "./ledger.ts";

/** Letters of one app, and bytes of their requests in base64: whoever lists them has all of them in memory. */
const LIMIT = { entries: 1000, bytes: 67_108_864 };

/** A letter under which it is found. */
export interface StoredDeadLetter extends DeadLetter {
  readonly id: string;
}

/** Jobs of tasks with `dead-letter` that failed for good: the last 1000 of each app, and 64 MiB of them. */
export interface DeadLetters {
  /** Those of an app, the oldest first, without their bodies; also of one that runs no more. */
  list(app: string): Promise<StoredDeadLetter[]>;
  /** @throws `COC_DEAD_LETTER_UNKNOWN` */
  get(app: string, id: string): Promise<StoredDeadLetter>;
  /**
   * Runs the job again, as a new one, whose answer is not looked at. If it ends well the letter is dropped; else the
   * letter has the new error, which is thrown. If the node dies in between, the letter is there to be replayed again.
   *
   * @throws `COC_DEAD_LETTER_UNKNOWN`, `COC_DEAD_LETTER_BODY` if the request is not there whole, `COC_DEAD_LETTER_BUSY`
   * while it is being replayed, `COC_DEAD_LETTER_KEPT` if the job ended well and the letter could not be dropped, or
   * the job's own error.
   */
  replay(app: string, id: string): Promise<void>;
  /** @throws `COC_DEAD_LETTER_UNKNOWN` */
  drop(app: string, id: string): Promise<void>;
}

/** The same for the host that writes them. */
export interface DeadLetterOffice extends DeadLetters {
  add(app: string, letter: DeadLetter): void;
  idle(): Promise<void>;
}

/** Runs a job; rejects with its error. */
export type RunJob = (app: string, task: string, request: JobRequest) => Promise<void>;

export function createDeadLetters(
  options: Pick<LedgerOptions<DeadLetter>, "storage" | "log">,
  run: RunJob,
): DeadLetterOffice {
  const { log } = options;
  const ledger = createLedger<DeadLetter>({
    ...options,
    collection: "dead-letters",
    limit: LIMIT,
    weigh: ({ request }) => request.body?.length ?? 0,
  });
  const replaying = new Set<string>();

  async function find(app: string, id: string): Promise<Entry<DeadLetter>> {
    const entry = await ledger.get(app, id);
    if (entry === undefined) throw unknown(app, id);
    return entry;
  }

  /** Marks the letter first: of two nodes that read it at once one is told before it runs, else the first to end. */
  async function attempt(app: string, entry: Entry<DeadLetter>, body: string): Promise<void> {
    const { task, metadata, urgent, attempts } = entry.value;
    const marked = await ledger
      .replace(app, { ...entry, value: { ...entry.value, attempts: attempts + 1 } })
      .catch((cause: unknown) => {
        throw isConflict(cause) ? busy(entry.id, cause) : cause;
      });
    try {
      await run(app, task, { chunk: Buffer.from(body, "base64"), metadata, urgent });
    } catch (error) {
      await amend(app, marked, error);
      throw error;
    }
    await ledger.drop(app, entry.id, marked.revision).catch((cause: unknown) => {
      throw kept(entry.id, cause);
    });
  }

  /** Whoever asked for the replay is to have the job's own error, whatever becomes of the letter. */
  async function amend(app: string, marked: Entry<DeadLetter>, error: unknown): Promise<void> {
    if (!isCocaineError(error)) return;
    const { code, message } = error;
    try {
      const time = new Date().toISOString();
      await ledger.replace(app, { ...marked, value: { ...marked.value, time, error: { code, message } } });
    } catch (cause) {
      const why = isConflict(cause) ? "it was dropped or replayed meanwhile" : messageOf(cause);
      log.error({ app, id: marked.id, err: cause }, `a dead letter does not have the error of its replay: ${why}`);
    }
  }

  return {
    add: (app, letter) => ledger.add(app, letter.job, letter),
    list: async (app) => (await ledger.list(app)).map(({ id, value }) => ({ id, ...value, request: facts(value) })),
    get: async (app, id) => ({ id, ...(await find(app, id)).value }),
    async replay(app, id) {
      const name = `${app}/${id}`;
      if (replaying.has(name)) throw busy(id);
      replaying.add(name);
      try {
        const entry = await find(app, id);
        const { body, bytes } = entry.value.request;
        if (body === undefined) throw bodiless(id, bytes);
        await attempt(app, entry, body);
      } finally {
        replaying.delete(name);
      }
    },
    async drop(app, id) {
      if (!(await ledger.drop(app, id))) throw unknown(app, id);
    },
    idle: () => ledger.idle(),
  };
}

function facts({ request: { bytes } }: DeadLetter): DeadLetter["request"] {
  return { bytes };
}

function unknown(app: string, id: string): Error {
  return createError("COC_DEAD_LETTER_UNKNOWN", `app "${app}" has no dead letter "${id}": list them first`);
}

function bodiless(id: string, bytes: number): Error {
  const message = `dead letter "${id}" cannot be replayed: its request of ${bytes} bytes was not kept, since it was longer than 1 MiB or had not come whole`;
  return createError("COC_DEAD_LETTER_BODY", message);
}

function busy(id: string, cause?: unknown): Error {
  return createError("COC_DEAD_LETTER_BUSY", `dead letter "${id}" is being replayed: see later what became of it`, {
    cause,
  });
}

function kept(id: string, cause: unknown): Error {
  const message = isConflict(cause)
    ? `dead letter "${id}" was replayed by another at the same time: its job ended well here, and ran there too`
    : `the job of dead letter "${id}" ended well, but the letter could not be dropped: do not replay it again, drop it. ${messageOf(cause)}`;
  return createError("COC_DEAD_LETTER_KEPT", message, { cause });
}

function isConflict(error: unknown): boolean {
  return isCocaineError(error) && error.code === "COC_STORAGE_CONFLICT";
}
