export { type ZmqFeedOptions, zmqFeed } from "./feed/feed.ts";
