import { FRAME_LIMIT } from "@cocaine/core/plugin";
import { bytesOf } from "./chunks.ts";
import { isResponse } from "./response.ts";
import type { RunningJob } from "./running-job.ts";
import { replyWithStream } from "./stream.ts";

type Headers = readonly (readonly [name: string, value: string])[];

/** Answers a web task: first the head, then the body (docs/worker-protocol.md). */
export function replyToWeb(job: RunningJob, value: unknown): Promise<void> | undefined {
  if (isResponse(value)) {
    sendHead(job, value.status, [...value.headers]);
    return replyWithStream(job, value.body ?? []);
  }
  const bytes = bytesOf(value);
  if (bytes === undefined) return replyWithStream(job, value, (first) => sendHead(job, 200, typeOf(first)));
  sendHead(job, 200, [...typeOf(value), ["content-length", String(bytes.length)]]);
  return job.response.end(bytes);
}

/** The first chunk of a response finds its window open, and so never waits. */
function sendHead(job: RunningJob, status: number, headers: Headers): void {
  const head = Buffer.from(JSON.stringify({ status, headers }), "utf8");
  if (head.length > FRAME_LIMIT) throw new RangeError(`the response's head has ${head.length} bytes`);
  job.response.write(head);
}

/** The content type that fits a value which is not a `Response`. */
function typeOf(value: unknown): Headers {
  if (value === undefined || value === null) return [];
  if (typeof value === "string") return [["content-type", "text/plain; charset=utf-8"]];
  const binary = value instanceof ArrayBuffer || ArrayBuffer.isView(value);
  return [["content-type", binary ? "application/octet-stream" : "application/json"]];
}
