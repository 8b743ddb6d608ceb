export type { Chunk, ChunkStream, Handler, HttpRequest, Job, JobHandler, JobMetadata, LogLevel, Reply } from "./job.ts";
export { type JsLanguageOptions, jsLanguage } from "./plugin.ts";
