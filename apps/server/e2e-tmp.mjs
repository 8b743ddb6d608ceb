import { processBackend } from "@cocaine/backends-process";
import { createHost, createRegistry } from "@cocaine/core";
import { zmqServerDriver } from "@cocaine/drivers-zmq";
import { jsLanguage } from "@cocaine/lang-js";

const registry = createRegistry().use(jsLanguage()).use(processBackend()).use(zmqServerDriver());
const log = { debug() {}, info: console.log, warn: console.log, error: console.log, child: () => log };
const host = createHost({ registry, runtimeDir: "/tmp/e2e/run", log });
await host.start();
await host.deploy("echo", {
  type: "js",
  args: "/tmp/e2e/app.mjs",
  engine: { "queue-limit": 10000, "pool-limit": 1, "pool-min": 1 },
  tasks: { event: { type: "server+zmq", endpoint: "tcp://127.0.0.1:17010" } },
});
console.log("ready");
process.on("SIGTERM", async () => {
  await host.close();
  process.exit(0);
});
