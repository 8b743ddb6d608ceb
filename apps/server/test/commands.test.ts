import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { appManifest, writeManifest } from "./support/manifest.ts";
import { type RunningNode, startNode } from "./support/node.ts";
import { cocaine, cocained, runNode } from "./support/programs.ts";
import { soon } from "./support/soon.ts";
import { temporaryFolder } from "./support/temporary.ts";

/** A node that runs the app of the tests, deployed by command. */
async function nodeWithApp(): Promise<RunningNode> {
  const node = await startNode();
  const file = await writeManifest(await temporaryFolder(), "app.json", appManifest());
  const { code, stderr } = await node.cocaine(["deploy", file]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return node;
}

/** Runs a command that does not end by itself, and collects its lines. */
function follow(node: RunningNode, ...args: string[]): string[] {
  const child = spawn(process.execPath, [cocaine, "--runtime-dir", node.runtimeDir, ...args]);
  const lines: string[] = [];
  createInterface(child.stdout).on("line", (line) => lines.push(line));
  onTestFinished(() => void child.kill());
  return lines;
}

describe("cocaine deploy, ls, info and rm", () => {
  it("deploy an app, show it, and remove it", async () => {
    const node = await startNode();
    const file = await writeManifest(await temporaryFolder(), "app.json", appManifest({ version: 7 }));
    const deployed = await node.cocaine(["deploy", file, "--name", "blog"]);
    expect(deployed).toMatchObject({ code: 0, stderr: "" });
    expect(deployed.stdout).toMatch(
      /^APP +STATE +TASK +TYPE +WHERE\nblog +running +echo +server\+zmq +tcp:\/\/127\.0\.0\.1:\d+\n/,
    );

    const list = await node.cocaine(["ls"]);
    expect(list.stdout).toMatch(/^APP +STATE +TYPE +VERSION +WORKERS .*\nblog +running +js +7 +\d\/10 /);
    const json = JSON.parse((await node.cocaine(["--json", "ls"])).stdout);
    expect(json.result).toMatchObject([{ name: "blog", state: "running" }]);

    const info = await node.cocaine(["info", "blog"]);
    expect(info.stdout).toMatch(/^blog: js, version 7, running, up \d+s\n/);
    expect((await node.cocaine(["info"])).stdout).toContain(`process ${node.pid}`);

    expect(await node.cocaine(["rm", "blog"])).toMatchObject({ code: 0, stdout: "blog removed\n" });
    expect(await node.names()).toEqual([]);
  });

  it("tell all that is wrong with a manifest", async () => {
    const node = await startNode();
    const file = await writeManifest(await temporaryFolder(), "app.json", appManifest({ type: "jss", enigne: {} }));
    const { code, stderr } = await node.cocaine(["deploy", file]);
    expect(code).toBe(1);
    expect(stderr).toContain('did you mean "js"?');
    expect(stderr).toContain('did you mean "engine"?');
    expect(stderr).toContain("(COC_MANIFEST)");
    const json = JSON.parse((await node.cocaine(["--json", "deploy", file])).stdout);
    expect(json.error).toMatchObject({ code: "COC_MANIFEST", details: { issues: expect.any(Array) } });
  });

  it("give the deploy of code with a syntax error what the interpreter said", async () => {
    const node = await startNode();
    const folder = await temporaryFolder();
    await writeFile(join(folder, "app.mjs"), "export function event( {\n");
    const file = await writeManifest(folder, "app.json", appManifest({ args: "./app.mjs" }));
    const { code, stderr } = await node.cocaine(["deploy", file]);
    expect(code).toBe(1);
    expect(stderr).toContain("SyntaxError");
    expect(await node.names()).toEqual([]);
  });
});

describe("cocaine call", () => {
  it("gives standard input to the job and its answer to standard output", async () => {
    const node = await nodeWithApp();
    expect(await node.cocaine(["call", "app", "echo"], { input: "hello" })).toEqual({
      code: 0,
      stdout: "hello",
      stderr: "",
    });
    expect((await node.cocaine(["call", "app", "echo", "--data", "from a flag"])).stdout).toBe("from a flag");
  });

  it("carries megabytes both ways", async () => {
    const node = await nodeWithApp();
    const input = "0123456789abcdef".repeat(500_000);
    const { stdout } = await node.cocaine(["call", "app", "echo"], { input });
    expect(stdout.length).toBe(input.length);
    expect(stdout === input).toBe(true);
  });

  it("ends with 1 and the job's error", async () => {
    const node = await nodeWithApp();
    const { code, stderr } = await node.cocaine(["call", "app", "fail"]);
    expect(code).toBe(1);
    expect(stderr).toContain("not today");
    const missing = await node.cocaine(["call", "app", "nothing"]);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("COC_TASK_UNKNOWN") });
  });
});

describe("cocaine logs and feed", () => {
  it("show the lines of an app, and with -f those that come", async () => {
    const node = await nodeWithApp();
    await node.call("app", "say", "before");
    await vi.waitFor(async () => expect((await node.cocaine(["logs", "app"])).stdout).toContain("said: before"), soon);
    const lines = follow(node, "logs", "-f", "app");
    await vi.waitFor(() => expect(lines.join("\n")).toContain("said: before"), soon);
    await node.call("app", "say", "after");
    await vi.waitFor(() => expect(lines.join("\n")).toContain("said: after"), soon);
  });

  it("show the feed of an app", async () => {
    const node = await nodeWithApp();
    const lines = follow(node, "feed", "app");
    const text = follow(node, "--json", "feed", "app");
    await vi.waitFor(async () => {
      await node.call("app", "echo", "x");
      expect(lines.join("\n")).toContain("@job echo");
      expect(JSON.parse(text[0] as string)).toMatchObject({
        result: { envelope: expect.any(String), body: expect.any(String) },
      });
    }, soon);
    expect((await node.cocaine(["feed", "nobody"])).code).toBe(1);
  });
});

describe("cocaine pause, resume and reload", () => {
  it("stop and start the tasks of an app", async () => {
    const node = await nodeWithApp();
    expect(await node.cocaine(["pause", "app"])).toMatchObject({ code: 0, stdout: "app paused\n" });
    expect((await node.app("app")).state).toBe("paused");
    expect(await node.cocaine(["resume", "app"])).toMatchObject({ code: 0, stdout: "app resumed\n" });
    expect((await node.app("app")).state).toBe("running");
  });

  it("give an app new workers with the code as it is now", async () => {
    const node = await startNode();
    const folder = await temporaryFolder();
    const code = (answer: string) => writeFile(join(folder, "app.mjs"), `export const who = () => "${answer}";\n`);
    await code("old");
    const tasks = { who: { type: "server+zmq", endpoint: "ipc://who.sock" } };
    await node.cocaine(["deploy", await writeManifest(folder, "app.json", { type: "js", args: "./app.mjs", tasks })]);
    expect(await node.call("app", "who")).toBe("old");
    await code("new");
    expect(await node.cocaine(["reload", "app"])).toMatchObject({ code: 0, stdout: "app reloaded\n" });
    expect(await node.call("app", "who")).toBe("new");
  });
});

describe("the exit code of cocaine", () => {
  it("is 3 where no node answers, with the place where it was looked for", async () => {
    const folder = await temporaryFolder();
    const { code, stderr } = await runNode(cocaine, ["ls"], { env: { COCAINE_RUNTIME_DIR: folder } });
    expect(code).toBe(3);
    expect(stderr).toContain(`no node answers at ${folder}/control.sock: is cocained running?`);
  });

  it("is 2 for a wrong command line, and 0 for help", async () => {
    expect(await runNode(cocaine, ["fly"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("unknown command 'fly'"),
    });
    const feed = await runNode(cocaine, ["feed", "app", "--count", "many"]);
    expect(feed).toMatchObject({ code: 2, stderr: expect.stringContaining("a whole number of at least 1") });
    expect(await runNode(cocained, ["--fly"])).toMatchObject({ code: 2, stderr: expect.stringContaining("--fly") });
    for (const command of [
      [],
      ["deploy"],
      ["ls"],
      ["info"],
      ["call"],
      ["logs"],
      ["feed"],
      ["reload"],
      ["pause"],
      ["resume"],
      ["rm"],
    ]) {
      const { code, stdout } = await runNode(cocaine, [...command, "--help"]);
      expect(code).toBe(0);
      expect(stdout).toContain("$ cocaine");
    }
  });
});
