export type { AdminFacts, NodeApp, NodeFacts, NodeInfo, NodeTask } from "./cluster/node-info.ts";
export type { OpenCode } from "./contracts/code.ts";
export type { FeedSocket, OpenFeed } from "./contracts/feed.ts";
export type { Change, Document, Revision, Storage, WriteOptions } from "./contracts/storage.ts";
export { CocaineError, createError, type ErrorCode, type ErrorExtras, isCocaineError, messageOf } from "./errors.ts";
export { createHost } from "./host/host.ts";
export type { DeployOptions, Host, HostOptions, NodeOptions, SpreadOptions } from "./host/options.ts";
export type {
  AppInfo,
  AppState,
  HostInfo,
  PoolInfo,
  PoolMetricsInfo,
  TaskInfo,
  TaskMetricsInfo,
  WorkerInfo,
} from "./info.ts";
export { type CodePlace, readCodePlace } from "./manifest/code.ts";
export { type Issue, issuesOf } from "./manifest/issues.ts";
export { type Manifest, type ManifestContext, parseManifest, type TaskSpec } from "./manifest/manifest.ts";
export { nearest } from "./manifest/nearest.ts";
export {
  type Bucket,
  type Distribution,
  distributionSince,
  mergeDistributions,
  quantile,
} from "./observe/distribution.ts";
export type { FeedListener } from "./observe/feed.ts";
export { type LogFields, type Logger, silentLogger } from "./observe/log.ts";
export type { CrashReport, StoredCrashReport } from "./records/crash-report.ts";
export type { DeadLetter } from "./records/dead-letter.ts";
export type { DeadLetters, StoredDeadLetter } from "./records/dead-letters.ts";
export { type AnyPlugin, createRegistry, type Registry } from "./registry.ts";
export { type MemoryStorageOptions, memoryStorage } from "./storage/memory.ts";
