export { mqttDriver, mqttDriver as default } from "./plugin.js";
