import { defineDriver } from "@cocaine/core/plugin";
import { mqttOptions } from "./options.js";
import { MqttSubscription } from "./subscription.js";

/** Makes the driver `mqtt`: every message of a broker on some topics is a job, whose answer goes to the app's feed. */
export function mqttDriver() {
  return defineDriver({
    name: "mqtt",
    options: mqttOptions,
    create: (options, context) => new MqttSubscription(options, context),
  });
}
