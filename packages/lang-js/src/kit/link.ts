import { createDealer } from "@cocaine/zmtp";

const HEADER = 8;

/** Sends messages to the engine; those of one turn of the loop leave in one write. */
export interface Link {
  /** @param flags - `FLAG_END` or 0. @param job - 0 where there is none. */
  send(code: number, flags: number, job: number, ...frames: readonly Uint8Array[]): void;
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
  return {
    send(code, flags, job, ...frames) {
      dealer.send([header(code, flags, job), ...frames]);
    },
    close: () => dealer.close(),
  };
}

function header(code: number, flags: number, job: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(HEADER);
  bytes[0] = code;
  bytes[1] = flags;
  bytes[2] = 0;
  bytes[3] = 0;
  bytes[4] = job >>> 24;
  bytes[5] = job >>> 16;
  bytes[6] = job >>> 8;
  bytes[7] = job;
  return bytes;
}
