export { type BackendSuite, testBackend } from "./backend.ts";
export { type DriverSuite, testDriver } from "./driver.ts";
export { type KitSuite, testKit } from "./kit.ts";
export { type LanguageSuite, testLanguage } from "./language.ts";
export { type StorageSuite, testStorage } from "./storage.ts";
export type { Test } from "./test.ts";
export {
  bytesOf,
  type VectorExchange,
  type VectorExpectation,
  type VectorFrame,
  type VectorStep,
  type Vectors,
  workerProtocolVectors,
} from "./vectors.ts";
