import { encodeCommand } from "./command.ts";
import { ZmtpError } from "./errors.ts";

/** How often a peer is asked whether it lives, and how long it may be silent; milliseconds. */
export interface Heartbeat {
  readonly interval: number;
  /** Checked once an interval, so a peer is given up to one interval more. */
  readonly timeout: number;
}

/** The connection that a pulse watches over. */
export interface Patient {
  /** Whether it is read from: who is not listened to is not silent. */
  readonly listening: boolean;
  ping(body: Uint8Array): void;
  dead(error: ZmtpError): void;
}

/** Asks one peer again and again whether it lives (RFC 37, "Heartbeating"). */
export interface Pulse {
  /** Something came from the peer. */
  heard(): void;
  stop(): void;
}

export function startPulse({ interval, timeout }: Heartbeat, patient: Patient): Pulse {
  // The time after which the peer may take us for dead, in tenths of a second.
  const ttl = Buffer.alloc(2);
  ttl.writeUInt16BE(Math.min(65_535, Math.ceil(timeout / 100)));
  const ping = encodeCommand("PING", ttl);
  let heard = false;
  let silent = 0;
  const timer = setInterval(() => {
    silent = heard || !patient.listening ? 0 : silent + interval;
    heard = false;
    if (silent >= timeout) patient.dead(new ZmtpError("COC_ZMTP_HEARTBEAT", `the peer was silent for ${silent} ms`));
    else patient.ping(ping);
  }, interval);
  timer.unref();
  return {
    heard() {
      heard = true;
    },
    stop: () => clearInterval(timer),
  };
}
