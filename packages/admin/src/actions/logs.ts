import { z } from "@cocaine/core/plugin";
import { streamAction } from "../action.ts";
import { createInbox } from "../inbox.ts";
import type { LogEntry } from "../logbook.ts";

/** The last log lines of the node or of one app, and with `follow` those that come. */
export const logs = streamAction({
  name: "logs",
  role: "viewer",
  input: z.strictObject({
    /** Name of the app; without it the lines of the whole node. */
    app: z.string().min(1).optional(),
    /** Go on with the lines that come. @defaultValue false */
    follow: z.boolean().default(false),
  }),
  async *open(node, { app, follow }, { signal }): AsyncIterable<LogEntry> {
    // Refuses a name that no app has, unless there are lines of it: the last words of one that was removed.
    const recent = node.logs.recent(app);
    if (app !== undefined && recent.length === 0) node.host.app(app);
    const inbox = createInbox<LogEntry>({ signal });
    const stop = follow ? node.logs.subscribe(app, inbox.put) : undefined;
    try {
      yield* recent;
      if (follow) yield* inbox;
    } finally {
      stop?.();
    }
  },
});
