import { z } from "@cocaine/core/plugin";
import { streamAction } from "../action.ts";

/** Runs a job of a task; the request is the body, the chunks of the response are the items. */
export const call = streamAction({
  name: "call",
  role: "deployer",
  input: z.strictObject({
    /** Name of the app. */
    app: z.string().min(1),
    /** Name of the task. */
    task: z.string().min(1),
    /** Metadata as the task's driver would give it. */
    metadata: z.record(z.string(), z.unknown()).optional(),
  }),
  open: ({ host }, { app, task, metadata }, { body, signal }) =>
    host.call(app, task, { chunk: body, metadata }, { signal }),
});
