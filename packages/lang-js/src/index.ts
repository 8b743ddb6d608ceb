export type { Chunk, ChunkStream, Handler, HttpRequest, Job, JobHandler, JobMetadata, LogLevel, Reply } from "./job.ts";
export { type JsLanguagesOptions, jsLanguages } from "./plugin.ts";
