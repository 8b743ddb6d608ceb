// Runs both workers in a host of its own, and asks them: node examples/any-zeromq-worker/run.mjs
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { processBackend } from "@cocaine/backends-process";
import { createHost, createRegistry } from "@cocaine/core";
import { zmqServerDriver } from "@cocaine/drivers-zmq";
import { pyzmqLanguage, zeromqLanguage } from "./program.mjs";

const runtimeDir = mkdtempSync(join(tmpdir(), "any-zeromq-worker-"));
const languages = [pyzmqLanguage(process.env.PYTHON), zeromqLanguage()];
const registry = createRegistry().use([...languages, processBackend(), zmqServerDriver()]);
const host = createHost({ registry, runtimeDir });
await host.start();
try {
  for (const [type, code] of [
    ["pyzmq", "count.py"],
    ["zeromq", "count.mjs"],
  ]) {
    await host.deploy(type, {
      type,
      args: fileURLToPath(new URL(code, import.meta.url)),
      tasks: { count: { type: "server+zmq", endpoint: "tcp://127.0.0.1:0" } },
    });
    const answer = [];
    for await (const chunk of host.call(type, "count", Buffer.from("It was the best of times"))) answer.push(chunk);
    console.log(`${type}: ${Buffer.concat(answer)} words`);
  }
} finally {
  await host.close();
  rmSync(runtimeDir, { recursive: true, force: true });
}
