import { z } from "@cocaine/core/plugin";
import { answerAction } from "../action.ts";

/** The living nodes of the cluster, with their apps and where their tasks listen. */
export const nodes = answerAction({
  name: "nodes",
  role: "viewer",
  input: z.strictObject({}),
  run: ({ host }) => host.nodes(),
});
