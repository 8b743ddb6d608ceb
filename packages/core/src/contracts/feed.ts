import type { Logger } from "../observe/log.ts";

/** An open publish/subscribe endpoint of one app. */
export interface FeedSocket {
  /** The real endpoint, with its port. */
  readonly endpoint: string;
  /** Publishes one message. Never waits: when subscribers cannot keep up, messages are dropped. */
  publish(envelope: string, body: string): void;
  close(): Promise<void>;
}

/** Opens the endpoint that a manifest's `pubsub.endpoint` names. The host is given one; core itself has no sockets. */
export type OpenFeed = (endpoint: string, log: Logger) => Promise<FeedSocket>;
