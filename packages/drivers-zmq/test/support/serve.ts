import type { Plugin, z } from "@cocaine/core/plugin";
import { afterEach } from "vitest";
import { zmqServerDriver } from "../../src/index.ts";
import { type ScriptedApp, scriptedContext } from "./context.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Runs `cleanup` after the test, before what was registered earlier. */
export function afterwards(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

type Options = z.input<ReturnType<typeof zmqServerDriver>["options"]>;

/** Starts a driver with a scripted app behind it. */
export async function start<Own>(plugin: Plugin<"driver", Own>, app: ScriptedApp, options: unknown) {
  const { context, log } = scriptedContext(app);
  const driver = plugin.create(plugin.options.parse(options), context);
  afterwards(() => driver.close());
  await driver.start();
  const info = () => driver.info?.() as { endpoints: string[]; clients: number } & Record<string, number>;
  return { driver, log, context, info, endpoint: info().endpoints[0] as string };
}

/** Starts `server+zmq`, on a free port unless `options` say otherwise. */
export function serve(app: ScriptedApp, options: Partial<Options> = {}) {
  return start(zmqServerDriver(), app, { endpoint: "tcp://lo:0", ...options });
}

/** Answers with the chunks of the request. */
export const echo: ScriptedApp = async function* (job) {
  yield* job.chunks();
};
