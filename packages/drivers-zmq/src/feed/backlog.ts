/** A message of the feed: envelope and body. */
export type FeedMessage = [envelope: string, body: string];

/** Messages that wait for the socket, oldest first, bounded in number and in bytes. */
export class Backlog {
  readonly #limit: number;
  readonly #byteLimit: number;
  #messages: FeedMessage[] = [];
  #first = 0;
  #bytes = 0;

  constructor(limit: number, byteLimit: number) {
    this.#limit = limit;
    this.#byteLimit = byteLimit;
  }

  /** Adds a message, dropping the oldest ones as room is needed. Returns how many were dropped. */
  push(message: FeedMessage): number {
    this.#messages.push(message);
    this.#bytes += weight(message);
    let dropped = 0;
    while (this.#size > this.#limit || this.#bytes > this.#byteLimit) {
      this.shift();
      dropped++;
    }
    return dropped;
  }

  /** Takes the oldest message. */
  shift(): FeedMessage | undefined {
    const message = this.#messages[this.#first];
    if (!message) return undefined;
    this.#first++;
    this.#bytes -= weight(message);
    // Moving the rest down once in so many messages keeps both ends cheap and lets go of what was sent.
    if (this.#first > this.#limit || this.#size === 0) {
      this.#messages = this.#messages.slice(this.#first);
      this.#first = 0;
    }
    return message;
  }

  get #size(): number {
    return this.#messages.length - this.#first;
  }
}

/** Memory of a message's text: a JavaScript string takes up to two bytes a character. */
function weight([envelope, body]: FeedMessage): number {
  return 2 * (envelope.length + body.length);
}
