import { createDealer, type Frame } from "@cocaine/zmtp";

/** Bytes of a message's header. */
export const HEADER = 8;

/** Sends messages to the engine; those of one turn of the loop leave in one write. */
export interface Link {
  /** @param flags - `FLAG_END` or 0. @param job - 0 where there is none. */
  send(code: number, flags: number, job: number, ...frames: readonly Frame[]): void;
  /** Sends what waits, and closes. */
  close(): Promise<void>;
}

/** What the worker is told. */
export interface LinkEvents {
  onMessage(frames: Uint8Array[]): void;
  /** The engine is gone. */
  onClose(): void;
}

/** Connects to the engine: a DEALER whose routing id is the worker's identity. */
export async function openLink(endpoint: string, identity: string, events: LinkEvents): Promise<Link> {
  const dealer = createDealer({
    routingId: identity,
    reconnect: false,
    onMessage: events.onMessage,
    onDisconnect: events.onClose,
  });
  await dealer.connect(endpoint);
  // The dealer copies short frames before send() returns: one header serves all messages.
  const header = Buffer.alloc(HEADER);
  return {
    send(code, flags, job, ...frames) {
      writeHeader(header, code, flags, job);
      dealer.send([header, ...frames]);
    },
    close: () => dealer.close(),
  };
}

export function writeHeader(header: Uint8Array, code: number, flags: number, job: number): void {
  header[0] = code;
  header[1] = flags;
  header[4] = job >>> 24;
  header[5] = job >>> 16;
  header[6] = job >>> 8;
  header[7] = job;
}
