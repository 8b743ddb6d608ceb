import { pathToFileURL } from "node:url";
import type { JobHandler } from "../job.ts";

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

/** Methods by the bytes of their names, each byte one character: INVOKE's frame needs no decoding. */
export type Methods = ReadonlyMap<string, Method>;

/** Imports the app's module; its exported functions are its methods, and for CommonJS those of `module.exports`. */
export async function loadMethods(file: string): Promise<Methods> {
  const module: Record<string, unknown> = await import(pathToFileURL(file).href);
  const methods = new Map<string, Method>();
  const { default: whole } = module;
  if (typeof whole === "object" && whole !== null) addAll(methods, whole, whole);
  addAll(methods, module, undefined);
  return methods;
}

function addAll(methods: Map<string, Method>, source: object, self: object | undefined): void {
  for (const [name, value] of Object.entries(source)) {
    const key = Buffer.from(name, "utf8").toString("latin1");
    if (typeof value !== "function" || methods.has(key)) continue;
    const handler: JobHandler = self === undefined ? value : value.bind(self);
    methods.set(key, { name, handler, streams: value.length > 1 });
  }
}
