import type { LogBook, LogEntry } from "@cocaine/admin";
import pino from "pino";
import pretty from "pino-pretty";

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
  const output =
    format === "json"
      ? pino.destination({ dest: 1, sync: true })
      : pretty({
          destination: 1,
          sync: true,
          singleLine: true,
          ignore: "hostname,pid",
          translateTime: "SYS:HH:MM:ss.l",
        });
  const book = { write: (line: string) => logs.append(entryOf(line)) };
  // The logger's own level decides; its streams take all that it lets through.
  return pino(
    { level, base: { hostname } },
    pino.multistream([
      { level: "trace", stream: output },
      { level: "trace", stream: book },
    ]),
  );
}

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
