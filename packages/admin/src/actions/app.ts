import { z } from "@cocaine/core/plugin";

/** Input of every action on one app. */
export const appInput = z.strictObject({
  /** Name of the app. */
  app: z.string().min(1),
});
