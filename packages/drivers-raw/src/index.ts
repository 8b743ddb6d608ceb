export type { Peer } from "./connection.ts";
export type { SocketContext, SocketDefinition } from "./definition.ts";
export { lines } from "./lines.ts";
export { type SocketOptions, socketOptions } from "./options.ts";
export { type RawOptions, rawServerDriver } from "./raw/driver.ts";
export { socketDriver } from "./socket-driver.ts";
