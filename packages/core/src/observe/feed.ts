import type { FeedSocket } from "../contracts/feed.ts";
import type { CocaineError } from "../errors.ts";

/** Takes the feed's messages: `"<task> <field> <host> <time>"` and a value, or `"@…"` and a JSON object. */
export type FeedListener = (envelope: string, body: string) => void;

/** The one publish/subscribe feed of an app: answers of its unattended jobs, outcomes, and changes of its pool. */
export interface Feed {
  /** Whether anybody may be listening: what nobody hears need not be written. */
  readonly active: boolean;
  /** Real endpoint of its socket. */
  readonly endpoint: string | undefined;
  /** Publishes an answer: a message a top-level field of a JSON object, else the whole as field `result`. */
  answer(task: string, body: Uint8Array): void;
  /** Publishes a failure as field `error`. */
  error(task: string, error: CocaineError): void;
  /** Publishes an event of the engine, for example `@pool`. */
  event(envelope: string, body: Readonly<Record<string, unknown>>): void;
  /** @returns ends the subscription. */
  subscribe(listener: FeedListener): () => void;
  /** From now on messages go to this socket, and no more to the one before, which is closed. */
  attach(socket: FeedSocket | undefined): Promise<void>;
  close(): Promise<void>;
}

const decoder = new TextDecoder();

export function createFeed(hostname: string): Feed {
  const listeners = new Set<FeedListener>();
  let socket: FeedSocket | undefined;

  const publish = (envelope: string, body: string) => {
    socket?.publish(envelope, body);
    for (const listener of listeners) listener(envelope, body);
  };
  const field = (task: string, name: string, value: unknown) => {
    const time = (Date.now() / 1000).toFixed(3);
    publish(`${task} ${name} ${hostname} ${time}`, typeof value === "string" ? value : JSON.stringify(value));
  };
  const feed: Feed = {
    get active() {
      return socket !== undefined || listeners.size > 0;
    },
    get endpoint() {
      return socket?.endpoint;
    },
    answer(task, body) {
      const value = parse(decoder.decode(body));
      if (typeof value !== "object" || value === null || Array.isArray(value)) return field(task, "result", value);
      for (const [name, part] of Object.entries(value)) field(task, name, part);
    },
    error: (task, error) => field(task, "error", error.message),
    event: (envelope, body) => publish(envelope, JSON.stringify(body)),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async attach(opened) {
      const before = socket;
      socket = opened;
      await before?.close();
    },
    async close() {
      listeners.clear();
      await feed.attach(undefined);
    },
  };
  return feed;
}

/** An answer that is not JSON is its own text. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
