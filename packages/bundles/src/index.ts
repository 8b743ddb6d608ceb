export { type BundleCache, type BundleCacheOptions, createBundleCache } from "./cache.ts";
export type { BundleLimits } from "./limits.ts";
export { type Bundle, packBundle } from "./pack.ts";
export {
  type BundleStore,
  type BundleStoreOptions,
  createBundleStore,
  type StoredBundle,
} from "./store.ts";
export { type BundleSweeper, type BundleSweeperOptions, createBundleSweeper } from "./sweeper.ts";
export type { BundleTarget } from "./target.ts";
export { uploadBundle } from "./upload.ts";
