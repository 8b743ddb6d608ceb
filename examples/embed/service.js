import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { processBackend } from "@cocaine/backends-process";
import { createHost, createRegistry, isCocaineError } from "@cocaine/core";
import { jsLanguages } from "@cocaine/lang-js";
import express from "express";

const words = fileURLToPath(new URL("words.js", import.meta.url));

/** Statuses of failures that are no fault of the service. */
const STATUSES = { COC_TASK_UNKNOWN: 404, COC_QUEUE_FULL: 503, COC_APP_PAUSED: 503, COC_DEADLINE: 504 };

/** Starts the service: Express, with an engine that runs what is too heavy or too risky for its own process. */
export async function startService(port) {
  const runtimeDir = await mkdtemp(join(tmpdir(), "embed-"));
  const registry = createRegistry().use(jsLanguages()).use(processBackend());
  const host = createHost({ registry, runtimeDir });
  await host.start();
  await host.deploy("words", {
    type: "js",
    args: words,
    engine: { "pool-limit": 2 },
    tasks: { count: { type: "call", timeout: 5 }, crash: { type: "call" } },
  });

  const service = express();
  service.get("/health", (_request, response) => response.json(host.app("words").pool.states));
  service.post("/:task", express.raw({ type: () => true }), async ({ params, body }, response) => {
    const job = host.call("words", params.task, body ?? new Uint8Array());
    response.type("json");
    for await (const chunk of job) response.write(chunk);
    response.end();
  });
  service.use((error, _request, response, _next) => {
    if (response.headersSent) return response.destroy(error);
    const status = isCocaineError(error) ? (STATUSES[error.code] ?? 500) : 500;
    response.status(status).json({ code: error.code, message: error.message });
  });

  const server = await new Promise((resolve, reject) => {
    const listening = service.listen(port, "127.0.0.1", (error) => (error ? reject(error) : resolve(listening)));
  });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async close() {
      await new Promise((resolve) => server.close(resolve));
      await host.close({ deadline: 5000 });
      await rm(runtimeDir, { recursive: true });
    },
  };
}
