import { streamAction } from "../action.ts";
import { createInbox } from "../inbox.ts";
import { appInput } from "./app.ts";

/** One message of an app's feed. */
export interface FeedItem {
  /** What the message is about: task, field, host name and time. */
  readonly envelope: string;
  readonly body: string;
}

/** The app's feed, from now on, whether or not its manifest has an endpoint for it. */
export const feed = streamAction({
  name: "feed",
  role: "viewer",
  input: appInput,
  async *open({ host }, { app }, { signal }): AsyncIterable<FeedItem> {
    const inbox = createInbox<FeedItem>({ signal });
    const stop = host.subscribe(app, (envelope, body) => inbox.put({ envelope, body }));
    try {
      yield* inbox;
    } finally {
      stop();
    }
  },
});
