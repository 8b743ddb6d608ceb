import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import type { JobHandler } from "../job.ts";
import { fetchMethod } from "./fetch.ts";

/** A function of the app's code that can be called by its name. */
export interface Method {
  readonly name: string;
  readonly handler: JobHandler;
  /**
   * It takes the job as well, and so can read a request that comes in pieces. One that takes the request alone is
   * called when that is whole.
   */
  readonly streams: boolean;
}

/** An app's code. */
export interface App {
  /** Methods by the bytes of their names, each byte one character: INVOKE's frame needs no decoding. */
  readonly methods: ReadonlyMap<string, Method>;
  /** What runs the jobs of web drivers whatever their names, where the language has it so. */
  readonly web: Method | undefined;
}

/**
 * Imports the app's module; its exported functions are its methods, and for CommonJS those of `module.exports`. With
 * `js+fetch`, the `fetch` of its default export runs the jobs of web drivers.
 */
export async function loadApp(language: string, file: string): Promise<App> {
  const module: Record<string, unknown> = await importCode(file);
  const methods = new Map<string, Method>();
  const { default: whole } = module;
  if (typeof whole === "object" && whole !== null) addAll(methods, whole, whole);
  addAll(methods, module, undefined);
  return { methods, web: language === "js+fetch" ? fetchMethod(whole, file) : undefined };
}

async function importCode(file: string): Promise<Record<string, unknown>> {
  const typed = /^\.[cm]?ts$/.test(extname(file));
  if (typed && !("typescript" in process.features && process.features.typescript)) {
    throw new Error(
      `${file} is TypeScript, which this Node (${process.version}) cannot run: take Node 22.18 or later, or build it to JavaScript`,
    );
  }
  return await import(pathToFileURL(file).href);
}

function addAll(methods: Map<string, Method>, source: object, self: object | undefined): void {
  for (const [name, value] of Object.entries(source)) {
    const key = Buffer.from(name, "utf8").toString("latin1");
    if (typeof value !== "function" || methods.has(key)) continue;
    const handler: JobHandler = self === undefined ? value : value.bind(self);
    methods.set(key, { name, handler, streams: value.length > 1 });
  }
}
