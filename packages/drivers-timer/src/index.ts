export { type AutoOptions, autoDriver } from "./auto.ts";
export type { Clock } from "./clock.ts";
export type { TimedDefinition, TimedState } from "./definition.ts";
export { type DriftingOptions, driftingTimerDriver } from "./drifting.ts";
export { calendarOptions, type TimedOptions, timedOptions } from "./options.ts";
export { timedDriver } from "./timed-driver.ts";
