export { type ProcessBackendOptions, processBackend } from "./plugin.ts";
