// All that a plugin needs: the contracts, errors and the protocol, without the engine.

// The same zod that checks a plugin's options in the host.
export { z } from "zod";
export type { Backend, BackendContext, Exit, WorkerLink, WorkerSpec } from "./contracts/backend.ts";
export type {
  Driver,
  DriverContext,
  DriverState,
  JobHandle,
  JobOutcome,
  JobRequest,
  PauseReason,
  ResponseSink,
} from "./contracts/driver.ts";
export type { FeedSocket, OpenFeed } from "./contracts/feed.ts";
export type { AppSpec, CommandLaunch, Language, LanguageContext, Launch, ModuleLaunch } from "./contracts/language.ts";
export {
  defineBackend,
  defineDriver,
  defineLanguage,
  defineStorage,
  type Plugin,
  type PluginKind,
  type PluginKinds,
} from "./contracts/plugin.ts";
export type { Change, Document, Revision, Storage, StorageContext, WriteOptions } from "./contracts/storage.ts";
export type { Limits } from "./engine/limits.ts";
export type { TaskPolicyInput } from "./engine/policy.ts";
export { CocaineError, createError, type ErrorCode, type ErrorExtras, isCocaineError, messageOf } from "./errors.ts";
export {
  type CredentialEvents,
  type CredentialFiles,
  type CredentialMaterial,
  type Credentials,
  openCredentials,
} from "./net/credentials.ts";
export { resolveHost } from "./net/host.ts";
export { LINE_LIMIT, LineBuffer } from "./observe/line-buffer.ts";
export { type LogFields, type Logger, silentLogger } from "./observe/log.ts";
export { Tail } from "./observe/tail.ts";
export { BatchWriter, readBatch } from "./protocol/batch.ts";
export {
  createEngineEncoder,
  decodeEngineMessage,
  decodeWorkerMessage,
  encodeWorkerMessage,
  type MessageFrame,
} from "./protocol/codec.ts";
export {
  type CancelMessage,
  type ChokeMessage,
  type ChunkMessage,
  Code,
  type CreditMessage,
  type EngineMessage,
  type ErrorMessage,
  FLAG_END,
  FRAME_LIMIT,
  type HeartbeatMessage,
  type Hello,
  type HelloMessage,
  type InvokeMessage,
  type LogMessage,
  PROTOCOL_VERSION,
  type RetireMessage,
  type TerminateMessage,
  WINDOW,
  type WorkerMessage,
  type WriteMessage,
} from "./protocol/messages.ts";
export { Control, type ThreadOutput, type ThreadProgress, type ThreadTask } from "./protocol/thread.ts";
export { createThreadPort, type ThreadPort } from "./protocol/thread-port.ts";
export { createSerial, type Serial } from "./serial.ts";
