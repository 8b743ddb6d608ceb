import { type CocaineError, createError } from "@cocaine/core/plugin";

/** Codes of LSD, as its server had them from November 2011 on. */
export type LsdCode = 400 | 500 | 502 | 503 | 504 | 520;

const CODES: Readonly<Record<string, LsdCode>> = {
  COC_LSD_REQUEST: 400,
  // The job did not run: another server, or this one later, may have a place for it.
  COC_QUEUE_FULL: 503,
  COC_APP_PAUSED: 503,
  COC_APP_FAILED: 503,
  COC_SHUTDOWN: 503,
  // The app's code failed it, or ended.
  COC_JOB_FAILED: 502,
  COC_WORKER_CRASHED: 502,
  COC_DEADLINE: 504,
  COC_STALLED: 504,
  COC_WORKER_HUNG: 504,
};

/** @param expired - the deadline of the envelope has passed, not a timeout. */
export function lsdCodeOf(error: CocaineError, expired: boolean): LsdCode {
  if (error.code === "COC_DEADLINE" && expired) return 520;
  return CODES[error.code] ?? 500;
}

/** What all answers to a request begin with: its uuid, in JSON that is not closed. Made once, since a job has many. */
export function headOf(uuid: string): string {
  return `{"uuid":${JSON.stringify(uuid)}`;
}

/** The frame of a failure: JSON `{uuid, code, message}`. The message begins with the stable code. */
export function failureFrame(head: string, code: LsdCode, error: CocaineError): string {
  return `${head},"code":${code},"message":${JSON.stringify(`${error.code}: ${error.message}`)}}`;
}

// The failures that the driver answers with by itself.

export function badRequest(why: string): CocaineError {
  return createError("COC_LSD_REQUEST", `${why}. Send ["", envelope, body, …], the envelope as JSON with a uuid`);
}

export function tooLate(task: string, deadline: number): CocaineError {
  const by = ((Date.now() - deadline) / 1000).toFixed(3);
  return createError(
    "COC_DEADLINE",
    `the deadline of a job of task "${task}" had passed by ${by} s when it came: give it more time, or set the clocks`,
  );
}
