import { type DriverContext, type JobOutcome, type JobRequest, silentLogger } from "@cocaine/core/plugin";

/** A run that the driver asked for. */
export interface Run {
  readonly request: JobRequest;
  readonly at: number;
  end(outcome?: JobOutcome): void;
}

/** A driver's context whose jobs the test ends, or that end at once. */
export function contextOf({ ends, kept }: { readonly ends: boolean; readonly kept?: unknown }): {
  context: DriverContext;
  runs: Run[];
  warnings: string[];
  /** What the driver has saved last. */
  kept(): unknown;
} {
  let saved = kept;
  const keep = (value: unknown) => {
    saved = value;
  };
  const runs: Run[] = [];
  const warnings: string[] = [];
  const context: DriverContext = {
    app: "app",
    task: "tick",
    log: { ...silentLogger(), warn: (_, message) => warnings.push(message) },
    signal: new AbortController().signal,
    trigger: () => {
      throw new Error("a timer publishes");
    },
    call: () => {
      throw new Error("a timer publishes");
    },
    state: { load: async () => saved, save: (value: unknown) => keep(value) },
    publish: (request, signal) =>
      new Promise<JobOutcome>((resolve) => {
        signal?.addEventListener("abort", () => resolve({ status: "cancelled" }));
        const run = {
          request,
          at: performance.now(),
          end: (outcome: JobOutcome = { status: "ok" }) => resolve(outcome),
        };
        runs.push(run);
        if (ends) run.end();
      }),
  };
  return { context, runs, warnings, kept: () => saved };
}
