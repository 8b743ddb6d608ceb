import { z } from "@cocaine/core/plugin";
import { answerAction } from "../action.ts";
import { appInput } from "./app.ts";

/** The node as a whole. */
export const node = answerAction({
  name: "node",
  role: "viewer",
  input: z.strictObject({}),
  run: async ({ host }) => host.info(),
});

/** One app. */
export const info = answerAction({
  name: "info",
  role: "viewer",
  input: appInput,
  run: async ({ host }, { app }) => host.app(app),
});
