/** What a server counts, for the operator. All but `running` only grow. */
export class Tally {
  /** Pairs that became jobs. */
  requests = 0;
  /** Jobs that were answered to their end. */
  replies = 0;
  /** Jobs that were answered with a failure. */
  failures = 0;
  /** Pairs and messages that did not become jobs: answered with 400, 520 or, while the endpoint closes, 503. */
  refused = 0;
  /** Jobs whose client went away before their end. */
  abandoned = 0;
  /** Jobs that have not ended yet. */
  running = 0;
}
