/** How a request is treated. Times are milliseconds. */
export interface Policy {
  /** Goes before requests that are not urgent: here, and at servers whose wire tells it (`server+lsd`). @defaultValue false */
  readonly urgent?: boolean;
  /** What one run may take at its server, where the wire tells it (`server+lsd`). @defaultValue none, or the task's own */
  readonly timeout?: number;
  /** How often a request is sent again after a server refused it, or its connection was lost. @defaultValue 10 */
  readonly maxRetries?: number;
}

/** The policy of one request. */
export interface CallOptions extends Policy {
  /**
   * Milliseconds since the epoch by which the response must be complete. It is told to servers whose wire tells it, and
   * they go by their own clocks. @defaultValue `lifetime` of the client from now on
   */
  readonly deadline?: number;
  /**
   * Allows to send the request again when chunks of its response were handed over already: called then, and the chunks
   * that follow are those of a new response, from its beginning. What it throws ends the call in place of that.
   * @defaultValue such a request fails
   */
  readonly onRestart?: () => void;
  /** Gives the request up. No wire has a message that would tell the server: it ends the job in vain. */
  readonly signal?: AbortSignal;
}

/** What the ways to the servers of a task are made with. */
export interface DispatchOptions {
  /** Milliseconds until the deadline of a call that gives none; 0: it has none. @defaultValue 60,000 */
  readonly lifetime?: number;
  /** Milliseconds that a server may leave PING without an answer before it is taken for dead. @defaultValue 5,000 */
  readonly silence?: number;
  /** Bytes of chunks from one server that wait for their readers before nothing more is read from it. @defaultValue 1,048,576 */
  readonly window?: number;
  /** Requests that wait for a server that takes them; a further one fails with `COC_CLIENT_FULL`. @defaultValue 10,000 */
  readonly backlog?: number;
}
