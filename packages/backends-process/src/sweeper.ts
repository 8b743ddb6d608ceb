import type { Logger } from "@cocaine/core/plugin";
import { killMarked } from "./marked.ts";

/** Walks through the processes after each other, for those that are started while it kills. */
const ROUNDS = 10;

/** Ends what workers have started and what left their process group, by setsid(2) for example. */
export interface Sweeper {
  /** A worker is gone. */
  sweep(identity: string): void;
  /** Resolves when nothing is being swept. */
  idle(): Promise<void>;
}

/**
 * Makes a sweeper of one bus. A process is known by its environment, which it has from its worker. Workers that end
 * together are swept up together: one walk through the system's processes at a time.
 */
export function createSweeper(endpoint: string, log: Logger): Sweeper {
  const bus = `COCAINE_ENDPOINT=${endpoint}`;
  let gone = new Set<string>();
  let sweeping: Promise<void> | undefined;

  async function sweepAll(): Promise<void> {
    while (gone.size > 0) {
      const marks = gone;
      gone = new Set();
      await sweepOnce(marks);
    }
    sweeping = undefined;
  }

  async function sweepOnce(marks: ReadonlySet<string>): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) {
      const killed = await killMarked(
        (variables) => variables.includes(bus) && variables.some((variable) => marks.has(variable)),
      );
      if (killed.length === 0) return;
      log.warn({ killed }, "ended processes that had left the process group of their worker");
    }
  }

  return {
    sweep(identity) {
      gone.add(`COCAINE_IDENTITY=${identity}`);
      sweeping ??= sweepAll();
    },
    idle: async () => sweeping,
  };
}
