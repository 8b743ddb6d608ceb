import { readFile } from "node:fs/promises";
import { createError, type ErrorCode, messageOf } from "@cocaine/core";
import { parseDocument } from "yaml";

/**
 * Reads a YAML or JSON file, by its ending.
 *
 * @param code - code of the error if it cannot be read or is broken; the message then names file, line and column.
 */
export async function readDocument(file: string, code: ErrorCode): Promise<unknown> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw createError(code, `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  });
  return parseText(text, file, code);
}

/** Parses the text of a YAML or JSON file. */
function parseText(text: string, file: string, code: ErrorCode): unknown {
  return file.endsWith(".json") ? parseJson(text, file, code) : parseYaml(text, file, code);
}

function parseYaml(text: string, file: string, code: ErrorCode): unknown {
  const document = parseDocument(text, { prettyErrors: true });
  const [error] = document.errors;
  if (error === undefined) return document.toJS() as unknown;
  const at = error.linePos?.[0];
  const place = at === undefined ? file : `${file}:${at.line}:${at.col}`;
  const [what] = error.message.split(/ at line \d+/);
  throw createError(code, `${place}: the YAML is broken: ${what}`, { cause: error });
}

function parseJson(text: string, file: string, code: ErrorCode): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { line, column } = placeOf(messageOf(error), text);
    throw createError(code, `${file}:${line}:${column}: the JSON is broken: ${messageOf(error)}`, { cause: error });
  }
}

/** Line and column of a JSON error, whose message tells the offset; without one the text ended too early. */
function placeOf(message: string, text: string): { line: number; column: number } {
  const offset = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length);
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
