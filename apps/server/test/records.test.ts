import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { appManifest, writeManifest } from "./support/manifest.ts";
import { startNode } from "./support/node.ts";
import { soon } from "./support/soon.ts";
import { temporaryFolder } from "./support/temporary.ts";

describe("cocaine crashlogs", () => {
  it("shows how workers ended, with their jobs and last lines, also after a kill -9 of the server", async () => {
    const storage = `files:${await temporaryFolder()}`;
    const node = await startNode({ storage });
    const manifest = await writeManifest(await temporaryFolder(), "app.json", appManifest({ version: 3 }));
    expect(await node.cocaine(["deploy", manifest])).toMatchObject({ code: 0 });
    expect((await node.cocaine(["crashlogs", "app"])).stdout).toBe("no worker crashed\n");
    expect(await node.cocaine(["crashlogs", "apps"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("COC_APP_UNKNOWN"),
    });
    await node.call("app", "say", "farewell");
    const slow = node.call("app", "slow", "60000").catch((error: { code: string }) => error.code);
    const worker = await vi.waitFor(async () => {
      const busy = (await node.app("app")).pool.workers.find(({ jobs }) => jobs > 0);
      return busy ?? expect.fail("no worker is busy yet");
    }, soon);
    process.kill(worker.pid as number, "SIGKILL");
    expect(await slow).toBe("COC_WORKER_CRASHED");
    await vi.waitFor(async () => {
      expect((await node.cocaine(["crashlogs", "app"])).stdout).toMatch(
        /worker \S+ \(process \d+, version 3, up \d+s, \d+ jobs done\): .*SIGKILL \(COC_WORKER_CRASHED\)\n {2}ran job \S+: slow, attempt 1\n {2}\| said: farewell/,
      );
    }, soon);
    node.signal("SIGKILL");
    await node.ended;
    const next = await startNode({ storage });
    const { result } = JSON.parse((await next.cocaine(["--json", "crashlogs", "app", "-n", "1"])).stdout);
    expect(result).toMatchObject([{ signal: "SIGKILL", jobs: [{ task: "slow" }], output: ["said: farewell"] }]);
  });
});

describe("cocaine dead-letters", () => {
  it("lists, shows, replays and drops them, also after a kill -9 of the server", { timeout: 60_000 }, async () => {
    const storage = `files:${await temporaryFolder()}`;
    const folder = await temporaryFolder();
    const code = join(folder, "app.mjs");
    await writeFile(code, 'export function event() { throw new Error("not yet"); }');
    const file = await writeManifest(folder, "app.json", {
      type: "js",
      args: code,
      tasks: { event: { type: "server+zmq", endpoint: "tcp://127.0.0.1:0", "dead-letter": true } },
    });
    const node = await startNode({ storage });
    expect(await node.cocaine(["deploy", file])).toMatchObject({ code: 0 });
    expect((await node.cocaine(["dead-letters", "ls", "app"])).stdout).toBe("no dead letters\n");
    for (const request of ["first", "second"]) {
      await expect(node.call("app", "event", request)).rejects.toMatchObject({ code: "COC_JOB_FAILED" });
    }
    const listed = await vi.waitFor(async () => {
      const { result } = JSON.parse((await node.cocaine(["--json", "dead-letters", "ls", "app"])).stdout);
      expect(result).toHaveLength(2);
      return result as { id: string }[];
    }, soon);
    node.signal("SIGKILL");
    await node.ended;

    const next = await startNode({ storage });
    const [first = "", second = ""] = listed.map(({ id }) => id);
    const list = await next.cocaine(["dead-letters", "ls", "app"]);
    expect(list.stdout).toMatch(/^ID +FAILED +TASK +ATTEMPTS +BYTES +ERROR\n\S+ +\S+ +event +1 +5 +COC_JOB_FAILED\n/);
    expect((await next.cocaine(["dead-letters", "show", "app", first])).stdout).toContain("not yet");
    expect((await next.cocaine(["dead-letters", "show", "app", first, "--body"])).stdout).toBe("first");
    expect(await next.cocaine(["dead-letters", "replay", "app", first])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("not yet"),
    });
    expect(await next.cocaine(["dead-letters", "replay", "app"])).toMatchObject({ code: 2 });

    await writeFile(code, "export function event(request) { return request; }");
    expect(await next.cocaine(["reload", "app"])).toMatchObject({ code: 0 });
    expect(await next.cocaine(["dead-letters", "replay", "app", "--all"])).toMatchObject({
      code: 0,
      stdout: `${first} ended well\n${second} ended well\n`,
    });
    expect((await next.cocaine(["dead-letters", "ls", "app"])).stdout).toBe("no dead letters\n");
    expect(await next.cocaine(["dead-letters", "drop", "app", first])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("COC_DEAD_LETTER_UNKNOWN"),
    });
  });
});
