import { stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { appManifest, writeManifest } from "./support/manifest.ts";
import { startNode } from "./support/node.ts";
import { processesWith } from "./support/processes.ts";
import { cocained, runNode } from "./support/programs.ts";
import { soon } from "./support/soon.ts";
import { temporaryFolder } from "./support/temporary.ts";

describe("the runtime folder", () => {
  it("of a server that was killed is taken over by the next one: every stored app is back, no worker is left, not even one that hangs", async () => {
    const [runtimeDir, storage] = [await temporaryFolder(), `files:${await temporaryFolder()}`];
    const first = await startNode({ runtimeDir, storage });
    await first.cocaine(["deploy", await writeManifest(await temporaryFolder(), "app.json", appManifest())]);
    const before = JSON.parse(await first.call("app", "who")).pid as number;
    const busy = first.cocaine(["call", "app", "hang"]);
    await vi.waitFor(async () => expect((await first.app("app")).jobs.running).toBe(1), soon);

    first.signal("SIGKILL");
    expect(await first.ended).toEqual({ code: null, signal: "SIGKILL" });
    expect(await busy).toMatchObject({ code: 3, stderr: expect.stringContaining("COC_ADMIN_LOST") });
    expect((await stat(join(runtimeDir, "control.sock"))).isSocket()).toBe(true);

    const second = await startNode({ runtimeDir, storage });
    expect((await second.app("app")).state).toBe("running");
    const after = JSON.parse(await second.call("app", "who")).pid as number;
    expect(after).not.toBe(before);
    const workers = (await second.app("app")).pool.workers.map(({ pid }) => pid);
    await vi.waitFor(async () => {
      const left = (await processesWith(runtimeDir)).filter((pid) => !workers.includes(pid));
      expect(left).toEqual([]);
    }, soon);
  });

  it("of a server that runs is refused to another one, with what to do", async () => {
    const node = await startNode();
    const { code, stderr } = await runNode(cocained, ["--runtime-dir", node.runtimeDir, "--storage", "memory:"]);
    expect(code).toBe(1);
    expect(stderr).toContain(`a server listens on ${node.runtimeDir}/control.sock already`);
    expect(stderr).toContain("COC_ADMIN_RUNNING");
    expect(await node.names()).toEqual([]);
  });

  it("is left without a socket by a server that ended in good order", async () => {
    const node = await startNode();
    node.signal("SIGTERM");
    expect(await node.ended).toEqual({ code: 0, signal: null });
    await expect(stat(join(node.runtimeDir, "control.sock"))).rejects.toThrow("ENOENT");
  });
});

describe("a server that cannot start", () => {
  it.each([
    ["a configuration that is not there", ["--config", "/nowhere/c.yaml"], "/nowhere/c.yaml cannot be read"],
    ["a storage that there is not", ["--storage", "postgres://db/cocaine"], "memory:, files:/path or mongodb://host"],
    [
      "a database that is not there",
      ["--storage", "mongodb://u:secret@127.0.0.1:1/x"],
      "//127.0.0.1:1/x cannot be reached",
    ],
    ["a level that there is not", ["--log-level", "loud"], 'log-level: found "loud", expected one of "debug"'],
    [
      "a deadline that is no number",
      ["--shutdown-deadline", "soon"],
      'shutdown-deadline: found "soon", expected a number',
    ],
  ])("for %s ends with 1 and says so", async (_, args, message) => {
    const runtimeDir = await temporaryFolder();
    const { code, stderr } = await runNode(cocained, ["--runtime-dir", runtimeDir, "--storage", "memory:", ...args]);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });
});
