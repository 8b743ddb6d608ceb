// CPU seconds of 10,000 timers of the driver `auto`, each with its task, for as many seconds as the argument says.
import { silentLogger } from "@cocaine/core/plugin";
import { autoDriver } from "@cocaine/drivers-timer";
import { measure } from "./measure.mjs";

const plugin = autoDriver();
const outcome = Promise.resolve({ status: "ok" });
let runs = 0;
const context = {
  app: "app",
  task: "tick",
  log: silentLogger(),
  signal: new AbortController().signal,
  publish() {
    runs += 1;
    return outcome;
  },
};
const options = plugin.options.parse({ interval: 1000 });
await measure(
  () => plugin.create(options, context).start(),
  () => runs,
);
