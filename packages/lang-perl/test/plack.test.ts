import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createHost, createRegistry } from "@cocaine/core";
import { expect, test } from "vitest";
import { processBackend } from "../../backends-process/src/index.ts";
import { httpDriver } from "../../drivers-http/src/index.ts";
import { perlLanguages } from "../src/index.ts";
import { fixture } from "./support/engine.ts";

const run = promisify(execFile);

/** Serves an application at a port of its own. */
async function serving(file: string, use: (url: string) => Promise<void>): Promise<void> {
  const runtimeDir = await mkdtemp(join(tmpdir(), "coc-"));
  const plugins = [...perlLanguages(), processBackend(), httpDriver()];
  const host = createHost({ registry: createRegistry().use(plugins), runtimeDir });
  try {
    await host.start();
    await host.deploy("app", {
      type: "perl+psgi",
      args: fixture(file),
      tasks: { web: { type: "server+http", endpoint: "http://127.0.0.1:0" } },
    });
    await use(String(host.app("app").tasks.web?.driver.endpoint));
  } finally {
    await host.close({ deadline: 1000 });
    await rm(runtimeDir, { recursive: true, force: true });
  }
}

test("Plack's own suite for servers passes through server+http", async () => {
  await serving("plack_suite.psgi", async (url) => {
    const { port } = new URL(url);
    const { stdout, stderr } = await run("perl", [fixture("plack_suite.pl"), port]).catch((error) => error);
    const lines = String(stdout).split("\n");
    const failed = lines.filter((line) => line.startsWith("not ok"));
    expect(failed, stderr).toEqual([]);
    const passed = lines.filter((line) => line.startsWith("ok ")).length;
    expect(lines, stderr).toContain(`1..${passed}`);
    expect(passed).toBeGreaterThan(100);
  });
});

test("bodies stream both ways through server+http", async () => {
  await serving("web.psgi", async (url) => {
    const up = await run("sh", ["-c", `head -c 10000000 /dev/zero | curl -sS -T - -X POST ${url}/counts`]);
    expect(up.stdout).toBe("10000000 of all");
    const sized = await run("curl", ["-sS", "--data-binary", `@${fixture("web.psgi")}`, `${url}/counts`]);
    expect(sized.stdout).toMatch(/^\d{4} of /);
    const down = await run("sh", ["-c", `curl -sS ${url}/large | wc -c`]);
    expect(down.stdout.trim()).toBe("50000000");
    expect(await (await fetch(`${url}/streams`)).text()).toBe("one two ");
    const head = await fetch(`${url}/bare`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "5", ""]);
    expect((await fetch(`${url}/fails`)).status).toBe(500);
    expect((await fetch(`${url}/no_content`)).status).toBe(204);
    const many = await Promise.all(Array.from({ length: 100 }, async () => (await fetch(`${url}/bare`)).text()));
    expect(many).toEqual(Array.from({ length: 100 }, () => "12345"));
  });
});
