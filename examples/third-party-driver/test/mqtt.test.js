import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { silentLogger } from "@cocaine/core/plugin";
import { testDriver } from "@cocaine/testing";
import { mqttDriver } from "../src/index.js";
import { publish, startBroker } from "./broker.js";

let broker;
before(async () => {
  broker = await startBroker();
});
after(() => broker.close());

testDriver({
  test,
  driver: mqttDriver(),
  options: () => ({ url: broker.url, topics: ["sensors/+"] }),
  fire: (_info, text) => publish(broker.port, "sensors/one", text),
});

test("a broker that is not there is told at the start", async () => {
  const driver = mqttDriver();
  const options = driver.options.parse({ url: "mqtt://127.0.0.1:1", topics: ["#"] });
  const subscription = driver.create(options, { app: "app", task: "task", log: silentLogger() });
  await assert.rejects(subscription.start(), {
    code: "COC_MQTT_CONNECT",
    message: /mqtt:\/\/127.0.0.1:1 .*ECONNREFUSED/,
  });
  await subscription.close();
});
