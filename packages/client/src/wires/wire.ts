import type { CocaineError } from "@cocaine/core/plugin";
import type { Frame } from "@cocaine/zmtp";
import type { Call } from "../dispatch/call.ts";

/** Where the answers of a server go. Those of a call that is not known any more are dropped. */
export interface Answers {
  chunk(id: string, chunk: Uint8Array): void;
  end(id: string): void;
  /** @param refused - the server did not take the request: another one may */
  failed(id: string, error: CocaineError, refused: boolean): void;
  /** A message that is no answer. */
  unreadable(why: string): void;
}

/** How requests and answers are written. */
export interface Wire {
  /** What the manifest calls its driver. */
  readonly type: string;
  encode(call: Call): Frame[];
  decode(frames: readonly Uint8Array[], endpoint: string, answers: Answers): void;
}

/** Below this a chunk is copied, since a view of it would keep all of the read that it came in. */
const SMALL = 4096;

/** A chunk as it may be kept. */
export function kept(chunk: Uint8Array): Uint8Array {
  return chunk.length < SMALL ? Uint8Array.from(chunk) : chunk;
}
