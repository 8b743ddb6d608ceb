import { z } from "zod";
import type { Driver } from "../contracts/driver.ts";
import { defineDriver } from "../contracts/plugin.ts";

/** What the driver of such a task has to do. */
const driver: Driver = {
  start: async () => undefined,
  drain: async () => undefined,
  close: async () => undefined,
};

/** The driver `call`, which every registry has: its tasks are triggered by `host.call()` alone. */
export function callDriver() {
  return defineDriver({ name: "call", options: z.strictObject({}), create: () => driver });
}
