import { afterEach } from "vitest";
import type { httpDriver } from "../../src/index.ts";
import { type App, type Served, serve } from "./app.ts";

/** Starts drivers that are closed after each test. */
export function useServers() {
  const open: Served[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map(({ driver }) => driver.close()));
  });
  return async (app: App, options: object = {}, plugin?: ReturnType<typeof httpDriver>, task?: string) => {
    const served = await serve(app, options, plugin, task);
    open.push(served);
    return served;
  };
}
