import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createHost, createRegistry } from "@cocaine/core";
import { expect, test, vi } from "vitest";
import { processBackend } from "../../backends-process/src/index.ts";
import { httpDriver } from "../../drivers-http/src/index.ts";
import { pythonLanguages } from "../src/index.ts";
import { fixture } from "./support/engine.ts";

/** The environment that `pnpm test` prepares, with Starlette in it. */
const VENV = fileURLToPath(new URL("../../../.cache/venv", import.meta.url));
const run = promisify(execFile);

test("Starlette serves pages, streams, background tasks and failures to clients of server+http", async () => {
  const runtimeDir = await mkdtemp(join(tmpdir(), "coc-"));
  const plugins = [...pythonLanguages(), processBackend(), httpDriver()];
  const host = createHost({ registry: createRegistry().use(plugins), runtimeDir });
  try {
    await host.start();
    await host.deploy("app", {
      type: "python+asgi",
      args: fixture("starlette_app.py"),
      language: { venv: VENV },
      engine: { "pool-limit": 1 },
      tasks: { web: { type: "server+http", endpoint: "http://127.0.0.1:0" } },
    });
    const url = String(host.app("app").tasks.web?.driver.endpoint);
    const text = async (path: string) => (await fetch(`${url}${path}`)).text();

    expect(await text("/hello?name=w%C3%B6rld")).toBe("Starlette greets wörld");
    const up = await run("sh", ["-c", `head -c 10000000 /dev/zero | curl -s -T - -X POST ${url}/size`]);
    expect(up.stdout).toBe("10000000");
    const down = await run("sh", ["-c", `curl -s ${url}/stream | wc -c`]);
    expect(down.stdout.trim()).toBe("10000000");
    expect(await text("/later")).toBe("first");
    await vi.waitFor(async () => expect(await text("/ran")).toBe("then"));
    expect((await fetch(`${url}/fails`)).status).toBe(500);
    expect((await fetch(`${url}/nowhere`)).status).toBe(404);
    const many = await Promise.all(Array.from({ length: 100 }, (_, index) => text(`/hello?name=${index}`)));
    expect(many).toEqual(Array.from({ length: 100 }, (_, index) => `Starlette greets ${index}`));
  } finally {
    await host.close({ deadline: 1000 });
    await rm(runtimeDir, { recursive: true, force: true });
  }
});
