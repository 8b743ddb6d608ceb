import { readFile } from "node:fs/promises";

/** Bytes of a list at most. */
const LIMIT = 1024 * 1024;

/** A node of the list. */
export interface Host {
  readonly host: string;
  readonly port: number;
}

/** Reads a list of hosts from `http://`, `https://` or `file://`: one `host` or `host:port` a line, `#` begins a remark. */
export async function readHosts(url: URL, port: number, signal: AbortSignal): Promise<Host[]> {
  const text = url.protocol === "file:" ? await readFile(url, { encoding: "utf8", signal }) : await get(url, signal);
  if (text.length > LIMIT) throw new Error(`the list of hosts at ${url} is longer than ${LIMIT} bytes`);
  const lines = text.split("\n").map((line) => line.replace(/#.*/, "").trim());
  return lines.filter((line) => line !== "").map((line) => hostOf(line, port, url));
}

async function get(url: URL, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal });
  if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}: it must be 200`);
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > LIMIT) break;
  }
  return text;
}

function hostOf(line: string, port: number, url: URL): Host {
  const [, host, own] = /^(\[[^\]\s]+\]|[^:\s]+)(?::(\d{1,5}))?$/.exec(line) ?? [];
  if (host === undefined) throw new Error(`${url} has the line "${line.slice(0, 100)}": expected host or host:port`);
  return { host, port: own === undefined ? port : Number(own) };
}
