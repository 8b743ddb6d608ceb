import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost, createRegistry, type OpenCode } from "@cocaine/core";
import { createError, defineBackend, defineLanguage, z } from "@cocaine/core/plugin";
import { expect, it, onTestFinished } from "vitest";

const SHA256 = "0123456789abcdef".repeat(4);

/** A host with a language that tells where it was sent for the code. */
async function start(openCode?: OpenCode) {
  const sent: string[] = [];
  const runtimeDir = await mkdtemp(join(tmpdir(), "coc-"));
  const backend = defineBackend({
    name: "process",
    options: z.strictObject({}),
    create: () => expect.fail("no worker is started"),
  });
  const language = defineLanguage({
    name: "js",
    options: z.strictObject({}),
    create: () => ({
      async launch({ code }) {
        sent.push(code);
        throw createError("COC_LANGUAGE_CODE", "it is not run");
      },
    }),
  });
  const registry = createRegistry().use(backend).use(language);
  const host = createHost({ registry, runtimeDir, ...(openCode && { openCode }) });
  await host.start();
  onTestFinished(async () => {
    await host.close();
    await rm(runtimeDir, { recursive: true });
  });
  const deploy = (args: string) => host.deploy("app", { type: "js", args, tasks: { run: { type: "call" } } });
  return { host, sent, deploy };
}

it("code in a bundle is run in the folder that the host's openCode gives", async () => {
  const asked: string[] = [];
  const { deploy, sent } = await start(async (sha256) => {
    asked.push(sha256);
    return "/cache/folder";
  });
  for (const args of [`storage://${SHA256}/lib/app.js`, `storage://${SHA256}`, "/srv/app.js"]) {
    await expect(deploy(args)).rejects.toMatchObject({ cause: { code: "COC_LANGUAGE_CODE" } });
  }
  expect(sent).toEqual(["/cache/folder/lib/app.js", "/cache/folder", "/srv/app.js"]);
  expect(asked).toEqual([SHA256, SHA256]);
});

it("a host without openCode says that it has no bundles", async () => {
  const { deploy } = await start();
  const cause = { code: "COC_BUNDLE_HOST", message: expect.stringMatching(/give createHost\(\) an openCode/) };
  await expect(deploy(`storage://${SHA256}/app.js`)).rejects.toMatchObject({ code: "COC_DEPLOY", cause });
});

it("a host that closes while a bundle is fetched does not go on with it", async () => {
  let ask: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  const { deploy, host, sent } = await start(
    (_, signal) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve("/cache/folder"));
        ask();
      }),
  );
  const deploying = expect(deploy(`storage://${SHA256}/app.js`)).rejects.toMatchObject({ code: "COC_SHUTDOWN" });
  await asked;
  await host.close();
  await deploying;
  expect(sent).toEqual([]);
});
