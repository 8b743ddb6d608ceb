import { z } from "@cocaine/core/plugin";
import { answerAction } from "../action.ts";

/** Deploys a manifest, new or over a running app, and stores it: it is there again after a restart of the node. */
export const deploy = answerAction({
  name: "deploy",
  role: "deployer",
  input: z.strictObject({
    /** Name of the app. */
    name: z.string().min(1),
    /** The manifest, with absolute paths; the host checks it. */
    manifest: z.unknown(),
  }),
  run: ({ host }, { name, manifest }) => host.deploy(name, manifest),
});
