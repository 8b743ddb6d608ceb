export { type ZmqFeedOptions, zmqFeed } from "./feed/feed.ts";
export { zmqServerDriver } from "./server/driver.ts";
export type { ServerOptions } from "./server/options.ts";
