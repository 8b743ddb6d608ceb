export { type ThreadBackendOptions, threadBackend } from "./plugin.ts";
