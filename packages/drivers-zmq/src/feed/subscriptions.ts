import { type Logger, messageOf } from "@cocaine/core/plugin";
import type { XPublisher } from "zeromq";

/** Prefixes that are looked through for a message; where there are more, the socket's own index is faster. */
const SCAN_LIMIT = 100;

/** What the subscribers of a feed ask for. */
export interface Subscriptions {
  /** Whether a message with this envelope may reach anybody. */
  match(envelope: string): boolean;
}

/**
 * Follows the subscriptions that an XPUB socket is told of, so that what nobody hears costs nothing: a job's outcome
 * is published for every job, and handing a message to the addon costs more than many a job.
 * A subscription is a byte, 1, and a prefix; its end the same with 0 (ZeroMQ RFC 29). The socket tells the first of
 * equal ones, and the end of the last, also when their subscribers just went away.
 */
export function followSubscriptions(socket: XPublisher, log: Logger): Subscriptions {
  const prefixes = new Map<string, string>();

  async function follow(): Promise<void> {
    for await (const [message] of socket) {
      if (message === undefined) continue;
      const bytes = message.subarray(1);
      if (message[0] === 1) prefixes.set(bytes.toString("latin1"), textOf(bytes));
      else if (message[0] === 0) prefixes.delete(bytes.toString("latin1"));
    }
  }

  follow().catch((error: unknown) => {
    // Without knowing who asks for what, all goes to the socket, which knows.
    prefixes.set("", "");
    log.warn({ reason: messageOf(error) }, "The feed cannot follow its subscriptions any more");
  });

  return {
    match(envelope) {
      if (prefixes.size > SCAN_LIMIT) return true;
      for (const prefix of prefixes.values()) if (envelope.startsWith(prefix)) return true;
      return false;
    },
  };
}

/** The prefix as text; where it ends within a character, all text fits, and the socket itself looks closer. */
function textOf(bytes: Buffer): string {
  const text = bytes.toString();
  return text.includes("\ufffd") ? "" : text;
}
