import type { z } from "zod";
import { nearest } from "./nearest.ts";

/** One thing that is wrong with a value, told for the person who wrote it. */
export interface Issue {
  /** Where, for example `tasks.event.endpoint`; empty for the whole value. */
  readonly path: string;
  /** What is there, as JSON; `nothing` where it is missing. */
  readonly found: string;
  readonly expected: string;
  /** All of it in one line. */
  readonly message: string;
}

type Path = readonly PropertyKey[];

/** Writes one issue. */
export function issueAt(path: Path, found: string, expected: string): Issue {
  const place = path.map(String).join(".");
  return { path: place, found, expected, message: `${place || "the value"}: found ${found}, expected ${expected}` };
}

/**
 * Tells the issues of zod with path, found and expected; mistyped keys name the nearest known one.
 *
 * @param value - what was parsed.
 * @param schema - what it was parsed with.
 * @param base - path of `value` in the document.
 */
export function issuesOf(error: z.core.$ZodError, value: unknown, schema: z.core.$ZodType, base: Path = []): Issue[] {
  return error.issues.flatMap((issue) => {
    const path = [...base, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      const known = keysAt(schema, issue.path);
      return issue.keys.map((key) => unknownKey([...path, key], key, known));
    }
    if (issue.code === "invalid_key") {
      return [issueAt(path, `the name ${shown(issue.path.at(-1))}`, issue.issues[0]?.message ?? "a valid name")];
    }
    return [issueAt(path, shown(valueAt(value, issue.path)), expectation(issue))];
  });
}

/** A key that nothing knows. */
export function unknownKey(path: Path, key: string, known: readonly string[]): Issue {
  const near = nearest(key, known);
  const list = known.length > 0 ? `one of ${known.join(", ")}` : "none: nothing can be set here";
  const expected = near === undefined ? list : `a known key; did you mean "${near}"?`;
  return issueAt(path, `the unknown key "${key}"`, expected);
}

/** A name that is not among those there are. */
export function unknownName(path: Path, name: string, what: string, known: readonly string[]): Issue {
  const near = nearest(name, known);
  const list = known.length > 0 ? `one of ${known.join(", ")}` : "none is registered";
  return issueAt(path, shown(name), `${what} (${list})${near === undefined ? "" : `; did you mean "${near}"?`}`);
}

/** A value as it is shown in a message: short, on one line. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  let text: string;
  if (typeof value === "number") text = String(value);
  else text = JSON.stringify(value) ?? typeof value;
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return article(issue.expected === "int" ? "whole number" : typeName(issue.expected));
    case "invalid_value":
      return `one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    case "too_small":
      return size(issue.origin, issue.inclusive ? "at least" : "more than", issue.minimum);
    case "too_big":
      return size(issue.origin, issue.inclusive === false ? "less than" : "at most", issue.maximum);
    case "invalid_union":
      return issue.errors.map((errors) => errors.map(expectation).join(" and ")).join(", or ");
    default:
      return issue.message;
  }
}

function size(origin: string, relation: string, bound: number | bigint): string {
  if (origin === "string") return `text of ${relation} ${bound} characters`;
  if (origin === "array") return `a list of ${relation} ${bound} entries`;
  return `a number of ${relation} ${bound}`;
}

function typeName(expected: string): string {
  if (expected === "string") return "text";
  if (expected === "array") return "list";
  if (expected === "record") return "object";
  return expected;
}

function article(noun: string): string {
  if (noun === "text") return noun;
  return `${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`;
}

function valueAt(value: unknown, path: Path): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== "object" || here === null) return undefined;
    here = (here as Record<PropertyKey, unknown>)[step];
  }
  return here;
}

/** Keys that the object at `path` of a schema knows. */
function keysAt(schema: z.core.$ZodType, path: Path): string[] {
  let here = inner(schema);
  for (const step of path) {
    const def = here._zod.def as { type: string; shape?: Record<string, z.core.$ZodType> } & Record<string, unknown>;
    const next = def.shape?.[String(step)] ?? def.valueType ?? def.element;
    if (next === undefined) return [];
    here = inner(next as z.core.$ZodType);
  }
  const shape = (here._zod.def as { shape?: object }).shape;
  return Object.keys(shape ?? {});
}

/** The schema within defaults, options and transforms. */
function inner(schema: z.core.$ZodType): z.core.$ZodType {
  const def = schema._zod.def as {
    type: string;
    innerType?: z.core.$ZodType;
    in?: z.core.$ZodType;
    out?: z.core.$ZodType;
  };
  if (def.innerType !== undefined) return inner(def.innerType);
  if (def.type !== "pipe") return schema;
  // A pipe out of a preprocess step has its schema on the far side, one into a transform on the near side.
  const near = def.in as z.core.$ZodType;
  return inner(near._zod.def.type === "transform" ? (def.out as z.core.$ZodType) : near);
}
