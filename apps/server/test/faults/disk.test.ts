import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createOutput } from "../../src/output.ts";
import { smallDisk } from "../support/disk.ts";
import { appManifest, writeManifest } from "../support/manifest.ts";
import { startNode } from "../support/node.ts";
import { soon } from "../support/soon.ts";
import { temporaryFolder } from "../support/temporary.ts";

describe("a disk that is full", () => {
  it("fails deploys with the reason; what runs is served on, and all is well when there is room again", async () => {
    const disk = await smallDisk();
    const node = await startNode({ runtimeDir: join(disk.path, "run"), storage: `files:${disk.path}/storage` });
    const folder = await temporaryFolder();
    const [first, second] = [
      await writeManifest(folder, "first.json", appManifest()),
      await writeManifest(folder, "second.json", appManifest()),
    ];
    expect(await node.cocaine(["deploy", first])).toMatchObject({ code: 0 });

    await disk.fill();
    const failed = await node.cocaine(["deploy", second]);
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringMatching(/COC_DEPLOY/) });
    expect(failed.stderr).toContain("ENOSPC");
    expect(await node.call("first", "echo", "full")).toBe("full");

    await disk.empty();
    expect(await node.cocaine(["deploy", second])).toMatchObject({ code: 0 });
    expect(await node.call("second", "echo", "room")).toBe("room");
    const [worker] = (await node.app("first")).pool.workers;
    process.kill(worker?.pid as number, "SIGKILL");
    await vi.waitFor(async () => expect(await node.call("first", "echo", "again")).toBe("again"), soon);
  });

  it("costs lines of the log, of which the log tells when there is room again", async () => {
    const disk = await smallDisk();
    const file = join(disk.path, "log");
    const fd = openSync(file, "a");
    onTestFinished(() => closeSync(fd));
    const output = createOutput(fd, (lost, error) => `${lost} lost: ${(error as NodeJS.ErrnoException).code}\n`);
    output.write("first\n");
    await disk.fill();
    const line = `${"x".repeat(99)}\n`;
    for (let count = 0; count < 100; count++) output.write(line);
    await disk.empty();
    output.write("last\n");
    const lines = (await readFile(file, "utf8")).split("\n");
    expect(lines[0]).toBe("first");
    expect(lines.slice(-2)).toEqual(["last", ""]);
    const whole = lines.filter((text) => text === line.trimEnd()).length;
    expect(lines.at(-3)).toBe(`${100 - whole} lost: ENOSPC`);
    expect(lines).toHaveLength(4 + whole);
  });
});
