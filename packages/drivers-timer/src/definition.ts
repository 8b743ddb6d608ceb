import type { z } from "@cocaine/core/plugin";
import type { Clock } from "./clock.ts";
import type { TimedOptions } from "./options.ts";

/**
 * What is known of a timer when it is asked for its next run. Times are milliseconds since the epoch. It is not to be kept:
 * the next question has the same object.
 */
export interface TimedState<Options extends TimedOptions> {
  readonly options: Options;
  /** When the driver was started. */
  readonly started: number;
  /** The moment of the run before, if there was one. */
  readonly last: number | undefined;
  /** When that run has ended; `undefined` while it has not. */
  readonly ended: number | undefined;
}

/** A timed driver: when it is due. */
export interface TimedDefinition<Options extends TimedOptions> {
  /** What the manifest's `type` says. */
  readonly name: string;
  readonly aliases?: readonly string[];
  /** Made of `timedOptions` and of what is the driver's own. */
  readonly options: z.ZodType<Options>;
  /**
   * The clock of its moments. @defaultValue `"wall"`
   */
  readonly clock?: Clock;
  /**
   * The first moment after `after` at which a run is due, in milliseconds since the epoch; `undefined`: none, or none
   * before the run under way has ended. Is asked for one moment after the other, so that it must not look at the clock.
   */
  next(after: number, state: TimedState<Options>): number | undefined;
  /** Facts for the operator beside those that every timed driver tells. */
  info?(options: Options): Record<string, unknown>;
}
