/** Failures that say nothing about a job itself: the app cannot take it now. */
export const NOT_NOW: ReadonlySet<string> = new Set([
  "COC_QUEUE_FULL",
  "COC_APP_FAILED",
  "COC_APP_PAUSED",
  "COC_SHUTDOWN",
]);
