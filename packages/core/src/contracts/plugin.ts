import type { ZodType } from "zod";
import type { TaskPolicyInput } from "../engine/policy.ts";
import type { Backend, BackendContext } from "./backend.ts";
import type { Driver, DriverContext } from "./driver.ts";
import type { Language, LanguageContext, Launch } from "./language.ts";
import type { Storage, StorageContext } from "./storage.ts";

/** What each kind of plugin is given when it is created, and what it makes. */
export interface PluginKinds {
  driver: { context: DriverContext; product: Driver };
  backend: { context: BackendContext; product: Backend };
  language: { context: LanguageContext; product: Language };
  storage: { context: StorageContext; product: Storage };
}

export type PluginKind = keyof PluginKinds;

/**
 * A driver, backend, language or storage, ready to be registered with `registry.use()`.
 * A package exports a function that makes it, so that what its instances share (a listener, say) is not module state.
 */
export interface Plugin<K extends PluginKind = PluginKind, Options = unknown> {
  readonly kind: K;
  /** What the manifest's `type` or `backend` says, for example `server+zmq`. */
  readonly name: string;
  /** Older names that mean the same. */
  readonly aliases?: readonly string[];
  /** Version of the contract that the plugin was written for; `registry.use()` refuses any other. */
  readonly apiVersion: 1;
  /** Options in the manifest's own spelling (kebab-case). Use `z.strictObject`, so that a mistyped key is an error. */
  readonly options: ZodType<Options>;
  /**
   * Of a driver: defaults of the policy fields of its tasks, in the manifest's spelling; where they depend on a task's
   * options, a function of these.
   * @defaultValue those of every task
   */
  readonly policy?: K extends "driver" ? PolicyDefaults<Options> : never;
  /**
   * Of a backend: what it starts, a command in a process or a module in a thread.
   * @defaultValue `"command"`
   */
  readonly launches?: K extends "backend" ? Launch["kind"] : never;
  /** Makes an instance. No I/O here: `start()` does it. */
  create(options: Options, context: PluginKinds[K]["context"]): PluginKinds[K]["product"];
}

/** A method, as `create()` is: a plugin with options of its own is a plugin all the same. */
interface PolicyOf<Options> {
  of(options: Options): TaskPolicyInput;
}

type PolicyDefaults<Options> = TaskPolicyInput | PolicyOf<Options>["of"];

type Definition<K extends PluginKind, Options> = Omit<Plugin<K, Options>, "kind" | "apiVersion">;

/**
 * Declares a driver. The types of its options come from their schema.
 *
 * @example
 * ```ts
 * export function pingDriver() {
 *   return defineDriver({
 *     name: "ping",
 *     options: z.strictObject({ interval: z.int().positive().default(1000) }),
 *     create: (options, context) => createPing(options, context),
 *   });
 * }
 * ```
 */
export function defineDriver<Options>(definition: Definition<"driver", Options>): Plugin<"driver", Options> {
  return { kind: "driver", apiVersion: 1, ...definition };
}

/** Declares a backend. */
export function defineBackend<Options>(definition: Definition<"backend", Options>): Plugin<"backend", Options> {
  return { kind: "backend", apiVersion: 1, ...definition };
}

/** Declares a language. */
export function defineLanguage<Options>(definition: Definition<"language", Options>): Plugin<"language", Options> {
  return { kind: "language", apiVersion: 1, ...definition };
}

/** Declares a storage. */
export function defineStorage<Options>(definition: Definition<"storage", Options>): Plugin<"storage", Options> {
  return { kind: "storage", apiVersion: 1, ...definition };
}
