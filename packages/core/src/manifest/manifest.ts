import type { z } from "zod";
import type { Plugin } from "../contracts/plugin.ts";
import { type EnginePolicy, TASK_POLICY_KEYS, type TaskPolicy, taskPolicySchema } from "../engine/policy.ts";
import { createError } from "../errors.ts";
import type { Registry } from "../registry.ts";
import type { CodePlace } from "./code.ts";
import { type Issue, issueAt, issuesOf, shown, unknownKey, unknownName } from "./issues.ts";
import { appName, manifestSchema } from "./schema.ts";

/** An app's manifest, checked whole: what is in it can be trusted. */
export interface Manifest {
  readonly name: string;
  /** Name of the language. */
  readonly type: string;
  /** What the language's own schema made of `language`. */
  readonly options: unknown;
  readonly code: CodePlace;
  readonly version: number | string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly engine: EnginePolicy;
  /** Endpoint of the feed as the manifest has it. */
  readonly feed: string | undefined;
  readonly tasks: readonly TaskSpec[];
  /** What was parsed: a JSON value, as it is stored. */
  readonly source: unknown;
}

/** One task of a manifest. */
export interface TaskSpec {
  readonly name: string;
  readonly driver: Plugin<"driver">;
  /** What the driver's own schema made of its part. */
  readonly options: unknown;
  readonly policy: TaskPolicy;
  /** What the manifest tells the driver: two that are equal need no new one. */
  readonly source: string;
}

/** What is known where a manifest is parsed. */
export interface ManifestContext {
  /** Name of the app. */
  readonly name: string;
  readonly registry: Registry;
}

/**
 * Checks a manifest against the schema and against the plugins that it names.
 *
 * @throws `COC_MANIFEST` with all that is wrong in the message, and as `details.issues` ({@link Issue}).
 */
export function parseManifest(value: unknown, { name, registry }: ManifestContext): Manifest {
  const issues: Issue[] = [];
  const goodName = appName.safeParse(name);
  if (!goodName.success)
    issues.push(issueAt([], `the app name ${shown(name)}`, goodName.error.issues[0]?.message ?? ""));

  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) issues.push(...issuesOf(parsed.error, value, manifestSchema));

  const raw = isObject(value) ? value : {};
  const options = typeof raw.type === "string" ? parseLanguage(raw.type, raw.language, registry, issues) : undefined;
  if (isObject(raw.engine) && typeof raw.engine.backend === "string") {
    requireNamed(registry, "backend", raw.engine.backend, ["engine", "backend"], issues);
  }
  const tasks = parseTasks(raw.tasks, registry, issues);
  if (parsed.success && parsed.data.engine.poolMin > parsed.data.engine.poolLimit) {
    const { poolMin, poolLimit } = parsed.data.engine;
    issues.push(issueAt(["engine", "pool-min"], String(poolMin), `at most the pool-limit, ${poolLimit}`));
  }
  if (parsed.success && parsed.data.engine.health !== undefined) {
    const { health } = parsed.data.engine;
    const names = Object.keys(parsed.data.tasks);
    if (!names.includes(health))
      issues.push(unknownName(["engine", "health"], health, "a task of this manifest", names));
  }
  if (issues.length > 0 || !parsed.success) throw manifestError(name, issues);

  const { type, args, version, env, engine, pubsub } = parsed.data;
  return Object.freeze({
    name,
    type,
    options,
    code: args,
    version,
    env,
    engine,
    feed: pubsub?.endpoint,
    tasks,
    source: value,
  });
}

/** The options of the language; a value that is no object is told by the manifest's own schema. */
function parseLanguage(type: string, value: unknown, registry: Registry, issues: Issue[]): unknown {
  const language = requireNamed(registry, "language", type, ["type"], issues);
  const own = value === undefined ? {} : value;
  if (language === undefined || !isObject(own)) return undefined;
  const parsed = language.options.safeParse(own);
  if (parsed.success) return parsed.data;
  issues.push(...issuesOf(parsed.error, own, language.options, ["language"]));
  return undefined;
}

function parseTasks(value: unknown, registry: Registry, issues: Issue[]): TaskSpec[] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, task]) => {
    if (!isObject(task) || typeof task.type !== "string") return [];
    const driver = requireNamed(registry, "driver", task.type, ["tasks", name, "type"], issues);
    const rules = pick(task, (key) => TASK_POLICY_KEYS.includes(key));
    const own = pick(task, (key) => key !== "type" && !TASK_POLICY_KEYS.includes(key));
    const options = driver === undefined ? undefined : parsePart(driver.options, own, name, issues);
    const defaults = typeof driver?.policy === "function" ? options && driver.policy(options.data) : driver?.policy;
    const policy = parsePart(taskPolicySchema, { ...defaults, ...rules }, name, issues);
    if (driver === undefined) return [];
    if (policy === undefined || options === undefined) return [];
    const { cluster } = policy.data;
    const source = JSON.stringify({ type: task.type, ...own, cluster });
    return [Object.freeze({ name, driver, options: options.data, policy: policy.data, source })];
  });
}

/** Parses the driver's or the engine's part of a task; a key that neither knows is told with the keys of both. */
function parsePart<T>(
  schema: z.ZodType<T>,
  value: unknown,
  task: string,
  issues: Issue[],
): { readonly data: T } | undefined {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { data: parsed.data };
  for (const issue of issuesOf(parsed.error, value, schema, ["tasks", task])) {
    const steps = issue.path.split(".");
    const key = steps.at(-1) ?? "";
    const topLevel = issue.found.startsWith("the unknown key") && steps.length === 3;
    const known = topLevel ? [...knownKeys(schema), ...TASK_POLICY_KEYS, "type"] : [];
    issues.push(topLevel ? unknownKey(["tasks", task, key], key, known) : issue);
  }
  return undefined;
}

function knownKeys(schema: z.ZodType): string[] {
  const shape = (schema as { shape?: Record<string, unknown> }).shape;
  return Object.keys(shape ?? {});
}

function requireNamed<K extends "driver" | "backend" | "language">(
  registry: Registry,
  kind: K,
  name: string,
  path: readonly string[],
  issues: Issue[],
): Plugin<K> | undefined {
  const plugin = registry.find(kind, name);
  if (plugin === undefined) issues.push(unknownName(path, name, `a registered ${kind}`, registry.names(kind)));
  return plugin;
}

function manifestError(name: string, issues: readonly Issue[]): Error {
  const lines = issues.map((issue) => `  ${issue.message}`).join("\n");
  return createError("COC_MANIFEST", `manifest of app "${name}" is not valid:\n${lines}`, { details: { issues } });
}

function pick(value: Record<string, unknown>, wanted: (key: string) => boolean): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => wanted(key)));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
