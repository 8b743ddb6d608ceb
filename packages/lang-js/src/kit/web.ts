import { bytesOf } from "./chunks.ts";
import { isResponse } from "./response.ts";
import type { RunningJob } from "./running-job.ts";
import { replyWithStream } from "./stream.ts";

type Headers = readonly (readonly [name: string, value: string])[];

/** Answers a web task: first the head, then the body (docs/worker-protocol.md). */
export async function replyToWeb(job: RunningJob, value: unknown): Promise<void> {
  if (isResponse(value)) {
    await job.response.write(head(value.status, [...value.headers]));
    if (value.body === null) await job.response.end(new Uint8Array(0));
    else await replyWithStream(job, value.body);
    return;
  }
  const bytes = bytesOf(value);
  if (bytes === undefined) {
    await replyWithStream(job, value, (first) => void job.response.write(head(200, typeOf(first))));
    return;
  }
  await job.response.write(head(200, [...typeOf(value), ["content-length", String(bytes.length)]]));
  await job.response.end(bytes);
}

function head(status: number, headers: Headers): Uint8Array {
  return Buffer.from(JSON.stringify({ status, headers }), "utf8");
}

/** The content type that fits a value which is not a `Response`. */
function typeOf(value: unknown): Headers {
  if (value === undefined || value === null) return [];
  if (typeof value === "string") return [["content-type", "text/plain; charset=utf-8"]];
  const binary = value instanceof ArrayBuffer || ArrayBuffer.isView(value);
  return [["content-type", binary ? "application/octet-stream" : "application/json"]];
}
