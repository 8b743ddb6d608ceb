import type { JobRequest } from "../contracts/driver.ts";
import { createError, isCocaineError } from "../errors.ts";
import type { DeadLetter } from "./dead-letter.ts";
import { createLedger, type Entry, type LedgerOptions } from "./ledger.ts";

/** Letters of one app. */
const LIMIT = 1000;

/** A letter under which it is found. */
export interface StoredDeadLetter extends DeadLetter {
  readonly id: string;
}

/** Jobs of tasks with `dead-letter` that failed for good: the last 1000 of each app. */
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
   * while it is being replayed, or the job's own error.
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

export function createDeadLetters(options: Pick<LedgerOptions, "storage" | "log">, run: RunJob): DeadLetterOffice {
  const ledger = createLedger<DeadLetter>({ ...options, collection: "dead-letters", limit: LIMIT });
  const replaying = new Set<string>();

  async function find(app: string, id: string): Promise<Entry<DeadLetter>> {
    const entry = await ledger.get(app, id);
    if (entry === undefined) throw unknown(app, id);
    return entry;
  }

  /** Marks the letter first, so that of two nodes that replay it at once one is told. */
  async function attempt(app: string, entry: Entry<DeadLetter>, body: string): Promise<void> {
    const { task, metadata, urgent, attempts } = entry.value;
    const marked = await ledger
      .replace(app, { ...entry, value: { ...entry.value, attempts: attempts + 1 } })
      .catch((cause: unknown) => {
        if (isCocaineError(cause) && cause.code === "COC_STORAGE_CONFLICT") throw busy(entry.id, cause);
        throw cause;
      });
    try {
      await run(app, task, { chunk: Buffer.from(body, "base64"), metadata, urgent });
    } catch (error) {
      if (isCocaineError(error)) {
        const { code, message } = error;
        const time = new Date().toISOString();
        await ledger.replace(app, { ...marked, value: { ...marked.value, time, error: { code, message } } });
      }
      throw error;
    }
    await ledger.drop(app, entry.id);
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
