import type { LogBook, LogEntry } from "@cocaine/admin";
import { messageOf } from "@cocaine/core";
import pino from "pino";
import { prettyFactory } from "pino-pretty";
import { createOutput } from "./output.ts";

/** The server's log. */
export type ServerLog = pino.Logger;

export interface LogOptions {
  readonly level: string;
  /** `json`: one object a line; `pretty`: for people. */
  readonly format: "json" | "pretty";
  /** Name of this node, on each line. */
  readonly hostname: string;
  /** Keeps the last lines for `cocaine logs`. */
  readonly logs: LogBook;
}

/** Makes the log: to standard output, and into the log book. Written at once, so that the last words are never lost. */
export function createLog({ level, format, hostname, logs }: LogOptions): ServerLog {
  const render = format === "json" ? (line: string) => line : prettyFactory(PRETTY);
  const notice = (lost: number, error: unknown) => {
    const msg = `${lost} lines of the log were lost, they could not be written: ${messageOf(error)}`;
    return render(`${JSON.stringify({ level: WARN, time: Date.now(), hostname, lost, msg })}\n`);
  };
  const output = createOutput(1, notice);
  const stream = { write: (line: string) => output.write(render(line)) };
  const book = { write: (line: string) => logs.append(entryOf(line)) };
  // The logger's own level decides; its streams take all that it lets through.
  return pino(
    { level, base: { hostname } },
    pino.multistream([
      { level: "trace", stream },
      { level: "trace", stream: book },
    ]),
  );
}

const PRETTY = { singleLine: true, ignore: "hostname,pid", translateTime: "SYS:HH:MM:ss.l" };
/** Number of the level in a line of pino. */
const WARN = 40;

/** What a line of pino says. */
function entryOf(line: string): LogEntry {
  const { time, level, msg, app, hostname: _hostname, ...fields } = JSON.parse(line) as Record<string, unknown>;
  return {
    time: Number(time),
    level: levelOf(Number(level)),
    message: String(msg ?? ""),
    app: typeof app === "string" ? app : undefined,
    fields,
  };
}

function levelOf(level: number): LogEntry["level"] {
  if (level >= 50) return "error";
  if (level >= 40) return "warn";
  return level >= 30 ? "info" : "debug";
}
