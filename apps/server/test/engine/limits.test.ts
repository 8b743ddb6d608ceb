import { chmod } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createHost } from "@cocaine/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { defaultRegistry } from "../../src/distribution.ts";
import { writeManifest } from "../support/manifest.ts";
import { startNode } from "../support/node.ts";
import { temporaryFolder } from "../support/temporary.ts";

const code = fileURLToPath(new URL("../fixtures/limits/app.py", import.meta.url));

const manifest = (engine: Readonly<Record<string, unknown>>) => ({
  type: "python",
  args: code,
  engine: { "pool-limit": 1, ...engine },
  tasks: Object.fromEntries(["who", "greedy", "spin"].map((name) => [name, { type: "auto", interval: 86_400_000 }])),
});

/** A host with the app on it, and what runs a job of it. */
async function startConfined(engine: Readonly<Record<string, unknown>>) {
  const runtimeDir = await temporaryFolder();
  await chmod(runtimeDir, 0o711);
  const host = createHost({ registry: defaultRegistry(), runtimeDir });
  onTestFinished(() => host.close({ deadline: 1000 }));
  await host.start();
  await host.deploy("confined", manifest(engine));
  return async (task: string): Promise<string> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of host.call("confined", task, new Uint8Array(0))) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
}

describe("an app with limits", () => {
  it("fails the job that wants too much memory, and its worker lives on", async () => {
    const call = await startConfined({ limits: { as: "1GB", nofile: 64 } });
    const before = JSON.parse(await call("who"));
    expect(before.limits).toEqual([1e9, 64]);
    await expect(call("greedy")).rejects.toMatchObject({
      code: "COC_JOB_FAILED",
      message: expect.stringContaining("MemoryError"),
    });
    expect(JSON.parse(await call("who")).pid).toBe(before.pid);
  });

  it("fails the job that uses up its processor time, says so, and runs the next one", async () => {
    const call = await startConfined({ limits: { cpu: 1 } });
    await expect(call("spin")).rejects.toMatchObject({
      code: "COC_WORKER_CRASHED",
      message: expect.stringContaining("1 s of processor time (engine.limits.cpu)"),
      cause: { code: "COC_WORKER_LIMIT" },
    });
    expect(JSON.parse(await call("who")).pid).toBeGreaterThan(0);
  });
});

describe("an app with a user and a working folder", () => {
  it("runs as that user, there", async () => {
    const call = await startConfined({ user: "www-data", cwd: "/usr/share" });
    expect(JSON.parse(await call("who"))).toMatchObject({ uid: 33, gid: 33, cwd: "/usr/share" });
  });

  it.each([
    ["a user that is unknown", { user: "no-such-user" }, 'no user "no-such-user"'],
    ["a working folder that is missing", { cwd: "/no/such/folder" }, "working folder /no/such/folder is missing"],
    ["a limit that the system refuses", { limits: { nofile: 2 ** 31 - 1 } }, "refuses engine.limits"],
  ])("is not deployed with %s", async (_, engine, message) => {
    await expect(startConfined(engine)).rejects.toMatchObject({
      code: "COC_DEPLOY",
      message: expect.stringContaining(message),
    });
  });

  it("runs on a server in the folders that the server made, with a folder beside the manifest", async () => {
    const folder = await temporaryFolder();
    await chmod(folder, 0o711);
    const node = await startNode({ runtimeDir: `${folder}/run` });
    const file = await writeManifest(folder, "app.json", manifest({ user: "nobody", cwd: "." }));
    expect(await node.cocaine(["deploy", file])).toMatchObject({ code: 0 });
    expect(JSON.parse(await node.call("app", "who"))).toMatchObject({ uid: 65_534, cwd: folder });
  });
});
