import { join } from "node:path";
import { startLoad } from "./support/load.mjs";
import { paths } from "./support/paths.mjs";
import { startServer } from "./support/server.mjs";
import { startWrk } from "./support/wrk.mjs";

/** Every so many reloads one goes to a version that cannot start. */
const BROKEN_EVERY = 20;

/**
 * Reloads an app over and over, under load from wrk and from a ZeroMQ client. Promised: no request fails, and a version
 * that cannot start leaves the old one serving and says why.
 */
export async function runReload(programs, { count }) {
  const server = await startServer(programs);
  const deploy = (version, file) =>
    server.control.call("deploy", { name: "app", manifest: manifestOf(version, join(paths.apps, file)) });
  await deploy(0, "echo.mjs");
  const load = startLoad(programs, await server.endpoint("app", "event"), { window: 16 });
  const wrk = startWrk(programs, await server.endpoint("app", "web"));

  const broken = [];
  const started = Date.now();
  let refused = 0;
  for (let number = 1; number <= count; number++) {
    if (number % BROKEN_EVERY === 0) {
      const error = await deploy(number, "../fixtures/broken.mjs").then(
        () => undefined,
        (thrown) => thrown,
      );
      if (error?.code === "COC_DEPLOY" && error.message.includes("SyntaxError")) refused++;
      else broken.push(`a broken version was not refused for what is wrong with it: ${error?.message}`);
    } else if (number % 2 === 0) await deploy(number, "echo.mjs");
    else await server.control.call("restart", { app: "app" });
  }
  const seconds = (Date.now() - started) / 1000;
  const { sent, failed, wrong, lost } = await load.stop();
  const http = await wrk.stop();
  if (failed + wrong + lost > 0) broken.push(`ZeroMQ: ${failed} failed, ${wrong} wrong, ${lost} lost`);
  if (!(http.requests > 0)) broken.push("HTTP: wrk made no request");
  if (http.errors !== "") broken.push(`HTTP: ${http.errors}`);
  const memory = await server.memory();
  const descriptors = await server.descriptors();
  await server.control.call("remove", { app: "app" });
  const left = await server.processes();
  if (left.length > 0) broken.push(`processes are left: ${JSON.stringify(left)}`);
  await server.close();
  return {
    figures: {
      reloads: count,
      "of these to a version that cannot start, refused": refused,
      "HTTP requests": http.requests,
      "ZeroMQ requests": sent,
      "failed requests": failed + wrong + lost,
      "took (s)": Math.round(seconds),
      "server's memory in the end (MiB)": Math.round(memory / 2 ** 20),
      "server's descriptors in the end": descriptors,
    },
    broken,
  };
}

function manifestOf(version, args) {
  return {
    type: "js",
    version,
    args,
    engine: { "pool-min": 1, "pool-limit": 2, "queue-limit": 1000 },
    tasks: {
      event: { type: "server+zmq", endpoint: "tcp://127.0.0.1:0" },
      web: { type: "server+http", endpoint: "http://127.0.0.1:0" },
    },
  };
}
