import vectors from "../vectors/worker-protocol-1.json" with { type: "json" };

/** A frame: bytes in hex, text as UTF-8, or bytes in hex that are repeated. */
export type VectorFrame = string | { readonly text: string } | { readonly repeat: string; readonly times: number };

/** What is done or must come next in an exchange. */
export type VectorStep =
  | { readonly send: readonly VectorFrame[] }
  | { readonly close: true }
  | { readonly expect: VectorExpectation };

export type VectorExpectation =
  | { readonly answer: { readonly job: number; readonly is: VectorFrame } }
  | { readonly error: { readonly job: number; readonly message?: string } }
  | { readonly end: { readonly job: number } }
  | { readonly stall: { readonly job: number; readonly from: number; readonly to: number } }
  | { readonly credit: { readonly job: number; readonly atLeast: number } }
  | { readonly heartbeats: number }
  | { readonly exit: number | "any" };

/** One conversation with a new worker, after its HELLO. */
export interface VectorExchange {
  readonly name: string;
  /** `auto`: answers are given credit as they come. @defaultValue "none" */
  readonly credit?: "auto" | "none";
  readonly steps: readonly VectorStep[];
}

/** The vectors of the worker protocol, version 1. */
export interface Vectors {
  readonly protocol: 1;
  /** Seconds, as the worker is told. */
  readonly heartbeat: number;
  readonly exchanges: readonly VectorExchange[];
  /** Messages of a worker that an engine must not take, and ends the worker for. */
  readonly refused: readonly { readonly why: string; readonly frames: readonly VectorFrame[] }[];
}

export const workerProtocolVectors = vectors as unknown as Vectors;

export function bytesOf(frame: VectorFrame): Buffer {
  if (typeof frame === "string") return Buffer.from(frame, "hex");
  if ("text" in frame) return Buffer.from(frame.text);
  return Buffer.alloc((frame.repeat.length / 2) * frame.times, frame.repeat, "hex");
}
