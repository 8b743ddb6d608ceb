import { z } from "@cocaine/core/plugin";
import { answerAction } from "../action.ts";

/** All apps of the node. */
export const list = answerAction({
  name: "list",
  role: "viewer",
  input: z.strictObject({}),
  run: async ({ host }) => host.info().apps,
});
