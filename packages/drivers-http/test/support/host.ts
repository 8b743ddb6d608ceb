import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHost, createRegistry, type Logger } from "@cocaine/core";
import { onTestFinished } from "vitest";
// By path: this package needs neither, and only its test of the whole way runs real workers.
import { processBackend } from "../../../backends-process/src/index.ts";
import { jsLanguages } from "../../../lang-js/src/index.ts";
import { httpDriver } from "../../src/index.ts";

const FIXTURE = fileURLToPath(new URL("../fixtures/app.mjs", import.meta.url));

/** Runs the fixture's methods as tasks of one host, all at one port; the host is closed after the test. */
export async function deploy(methods: readonly string[], policy: object = {}, engine: object = {}) {
  const runtimeDir = await mkdtemp(join(tmpdir(), "cocaine-http-"));
  const lines: string[] = [];
  const write = (_: object, message: string) => void lines.push(message);
  const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };
  const registry = createRegistry().use(jsLanguages()).use(processBackend()).use(httpDriver());
  const host = createHost({ registry, runtimeDir, log });
  onTestFinished(async () => {
    await host.close({ deadline: 500 });
    await rm(runtimeDir, { recursive: true, force: true });
  });
  await host.start();
  const probe = await host.deploy("probe", manifestOf(["hello"], "http://127.0.0.1:0", {}, {}));
  const endpoint = String(probe.tasks.hello?.driver.endpoint);
  await host.remove("probe");
  const manifest = manifestOf(methods, endpoint, policy, engine);
  await host.deploy("app", manifest);
  return { host, url: endpoint, manifest, lines };
}

function manifestOf(methods: readonly string[], endpoint: string, policy: object, engine: object) {
  const task = (name: string) => [
    name,
    { type: "server+http", endpoint, path: `/${name}`, ...(name === "chat" && { websocket: true }), ...policy },
  ];
  return {
    type: "js",
    args: FIXTURE,
    engine: { "pool-limit": 1, ...engine },
    tasks: Object.fromEntries(methods.map(task)),
  };
}
