export type {
  AcceptOptions,
  Chunk,
  ChunkStream,
  Handler,
  HttpRequest,
  Job,
  JobHandler,
  JobMetadata,
  JobSocket,
  LogLevel,
  Reply,
  SocketClose,
} from "./job.ts";
export { type JsLanguagesOptions, jsLanguages } from "./plugin.ts";
