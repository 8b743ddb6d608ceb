import type { Logger } from "@cocaine/core/plugin";
import type { Audit } from "./audit.ts";

/** Milliseconds for which further refusals are only counted in the log. */
const QUIET = 1000;
/** Records of refusals that the audit is given in that time. */
const BURST = 100;

export interface Refusal {
  readonly from: string;
  readonly fingerprint: string | undefined;
  readonly reason: string;
  readonly ms: number;
}

/** Tells of requests that were refused, without letting strangers fill log and audit. */
export interface Refusals {
  add(refusal: Refusal): void;
  close(): void;
}

export function createRefusals({ log, audit }: { readonly log: Logger; readonly audit: Audit }): Refusals {
  let told = 0;
  let untold = 0;
  let timer: NodeJS.Timeout | undefined;

  /** What was only counted is told, and the next second begins. */
  function calm(): void {
    timer = undefined;
    if (untold > 0) log.warn({ refused: untold }, `${untold} more requests of administration were refused`);
    told = 0;
    untold = 0;
  }

  return {
    add({ from, fingerprint, reason, ms }) {
      timer ??= setTimeout(calm, QUIET).unref();
      told++;
      if (told === 1) log.warn({ from, fingerprint }, `a request of administration was refused: ${reason}`);
      else untold++;
      if (told > BURST) return;
      const nothing = { user: undefined, role: undefined, action: undefined, app: undefined };
      const time = new Date().toISOString();
      audit({ time, from, fingerprint, ...nothing, outcome: "refused", reason, ms: Math.round(ms) });
    },
    close() {
      clearTimeout(timer);
      calm();
    },
  };
}
