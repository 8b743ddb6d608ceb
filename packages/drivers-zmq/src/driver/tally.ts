/** What a server counts, for the operator. All but `running` only grow. */
export class Tally {
  /** Messages that became jobs. */
  requests = 0;
  /** Jobs that were answered with success. */
  replies = 0;
  /** Jobs that were answered with a failure. */
  failures = 0;
  /** Messages that could not become jobs: no delimiter, or the endpoint is closing. */
  refused = 0;
  /** Jobs whose client went away before its answer. */
  abandoned = 0;
  /** Jobs that have no answer yet. */
  running = 0;
}
