export type { Chunk, ChunkStream, Handler, HttpRequest, Job, JobMetadata, LogLevel, Reply } from "./job.ts";
export { type JsLanguageOptions, jsLanguage } from "./plugin.ts";
