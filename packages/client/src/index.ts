export { type Client, type ClientOptions, createClient } from "./cluster/client.ts";
export { type ClusterNode, type ClusterServersOptions, clusterServers, type TaskServer } from "./cluster/servers.ts";
export type { Discover } from "./dispatch/discover.ts";
export type { CallerInfo } from "./dispatch/info.ts";
export type { CallOptions, DispatchOptions, Policy } from "./dispatch/policy.ts";
export { createLsdClient, type LsdClient } from "./lsd/client.ts";
export { type LsdDiscoveryOptions, lsdDiscovery } from "./lsd/control.ts";
export type { LsdCallPolicy, LsdClientOptions, LsdPolicy } from "./lsd/options.ts";
