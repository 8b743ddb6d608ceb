export { type CronOptions, cronDriver } from "./cron.ts";
