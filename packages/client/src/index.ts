export { createLsdClient, type LsdClient, type LsdClientInfo } from "./lsd/client.ts";
export { type LsdDiscoveryOptions, lsdDiscovery } from "./lsd/control.ts";
export type { Discover } from "./lsd/discover.ts";
export type { LsdCallPolicy, LsdClientOptions, LsdPolicy } from "./lsd/options.ts";
