import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost, createRegistry } from "@cocaine/core";
import { describe, expect, it, onTestFinished } from "vitest";
// By path: this package needs none of them, and only its tests of the whole way run real servers.
import { processBackend } from "../../backends-process/src/index.ts";
import { threadBackend } from "../../backends-thread/src/index.ts";
import { httpDriver } from "../../drivers-http/src/index.ts";
import { autoDriver } from "../../drivers-timer/src/index.ts";
import { jsLanguages } from "../src/index.ts";
import { fixture } from "./support/worker.ts";

async function start(backend: string, name = "hono.mjs") {
  const runtimeDir = await mkdtemp(join(tmpdir(), "coc-"));
  const registry = createRegistry()
    .use(jsLanguages())
    .use(processBackend())
    .use(threadBackend())
    .use(httpDriver())
    .use(autoDriver());
  const host = createHost({ registry, runtimeDir });
  onTestFinished(async () => {
    await host.close({ deadline: 500 });
    await rm(runtimeDir, { recursive: true, force: true });
  });
  await host.start();
  const app = await host.deploy("app", {
    type: "js+fetch",
    args: fixture(name),
    engine: { backend },
    tasks: {
      web: { type: "server+http", endpoint: "http://127.0.0.1:0" },
      tick: { type: "auto", interval: 3_600_000 },
    },
  });
  return { host, url: String(app.tasks.web?.driver.endpoint) };
}

describe.each(["process", "thread"])("a Hono application in a %s", (backend) => {
  it("is served as it is: routes, queries, headers, forms, cookies, errors", async () => {
    const { url } = await start(backend);
    expect(await (await fetch(`${url}/hello/w%C3%B6rld`)).text()).toBe("hello, wörld");
    const json = await fetch(`${url}/json?q=1%202`, { headers: { "user-agent": "test" } });
    expect(json.headers.get("content-type")).toMatch(/^application\/json/);
    expect(await json.json()).toEqual({ query: "1 2", agent: "test" });
    const form = await fetch(`${url}/form`, { method: "POST", body: new URLSearchParams({ a: "ü" }) });
    expect(await form.json()).toEqual({ a: "ü" });
    const cookie = await fetch(`${url}/cookie`);
    expect([cookie.status, cookie.headers.getSetCookie()]).toEqual([204, ["a=1", "b=2"]]);
    expect((await fetch(`${url}/nowhere`)).status).toBe(404);
    const failed = await fetch(`${url}/fail`);
    expect([failed.status, await failed.text()]).toEqual([500, "caught: no luck"]);
  });

  it("streams both ways, and is given its job", async () => {
    const { url } = await start(backend);
    const bytes = 20 * 2 ** 20;
    const size = await fetch(`${url}/size`, { method: "POST", body: new Uint8Array(bytes) });
    expect(await size.text()).toBe(String(bytes));
    expect(await (await fetch(`${url}/stream`)).text()).toBe("0\n1\n2\n");
    expect(await (await fetch(`${url}/job`)).text()).toBe("1");
  });

  it("answers the jobs of other drivers by functions", async () => {
    const { host } = await start(backend);
    const chunks: Uint8Array[] = [];
    for await (const chunk of host.call("app", "tick", new Uint8Array())) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe("of a timer");
  });
});

it("code without a fetch is refused when it is deployed, and told what it lacks", async () => {
  await expect(start("process", "app.mjs")).rejects.toThrow(/no default export with a function fetch/);
});
