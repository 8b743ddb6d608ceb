import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { appManifest, writeManifest } from "./support/manifest.ts";
import { type NodeOptions, type RunningNode, startNode } from "./support/node.ts";
import { processesWith } from "./support/processes.ts";
import { cocaine, cocained, python, pyzmq, run, runNode } from "./support/programs.ts";
import { soon } from "./support/soon.ts";
import { temporaryFolder } from "./support/temporary.ts";

/** A node whose folder has the app of the tests. */
async function nodeWithApp(options: NodeOptions = {}): Promise<RunningNode> {
  const apps = await temporaryFolder();
  await writeManifest(apps, "app.json", appManifest());
  return startNode({ ...options, args: ["--apps", apps, ...(options.args ?? [])] });
}

const running = (node: RunningNode, count = 1) =>
  vi.waitFor(async () => expect((await node.app("app")).jobs.running).toBe(count), soon);

const logged = (node: RunningNode, text: string) =>
  vi.waitFor(() => expect(node.log.map(({ msg }) => msg).join("\n")).toContain(text), soon);

describe.each(["SIGTERM", "SIGINT"] as const)("%s", (signal) => {
  it("ends the server once its running jobs have ended: a slow request still gets its answer", async () => {
    const node = await nodeWithApp();
    const answers = [
      node.cocaine(["call", "app", "slow", "--data", "1500"]),
      run(python, [pyzmq("req.py"), await node.endpoint("app", "slow"), "1500"]),
    ];
    await running(node, answers.length);
    expect(await processesWith(node.runtimeDir)).not.toEqual([]);
    node.signal(signal);
    for (const { code, stdout } of await Promise.all(answers)) {
      expect(stdout.trim()).toBe("slow, but whole");
      expect(code).toBe(0);
    }
    expect(await node.ended).toEqual({ code: 0, signal: null });
    expect(await processesWith(node.runtimeDir)).toEqual([]);
  });
});

describe("a server that is told to end", () => {
  it("gives running jobs no more than the deadline", async () => {
    const node = await nodeWithApp({ args: ["--shutdown-deadline", "0.5"] });
    const answer = node.cocaine(["call", "app", "slow", "--data", "60000"]);
    await running(node);
    node.signal("SIGTERM");
    expect(await answer).toMatchObject({ code: 1, stderr: expect.stringContaining("COC_SHUTDOWN") });
    expect(await node.ended).toEqual({ code: 0, signal: null });
    expect(await processesWith(node.runtimeDir)).toEqual([]);
  });

  it("ends at once at the second signal, and leaves no worker", async () => {
    const node = await nodeWithApp();
    const answer = node.cocaine(["call", "app", "slow", "--data", "60000"]);
    await running(node);
    node.signal("SIGTERM");
    // One that comes right after the first is the first, told twice.
    node.signal("SIGTERM");
    await logged(node, "running jobs are waited for");
    const again = setInterval(() => node.signal("SIGTERM"), 100);
    await logged(node, "ending at once");
    clearInterval(again);
    expect(await node.ended).toEqual({ code: 143, signal: null });
    // The caller is told so, as far as there is time.
    const { code, stderr } = await answer;
    expect(code).toBe(1);
    expect(stderr).toContain("COC_SHUTDOWN");
    await vi.waitFor(async () => expect(await processesWith(node.runtimeDir)).toEqual([]), soon);
  });
});

describe("a log that nobody reads any more", () => {
  it.each(["json", "pretty"])("in %s does not end the server", async (format) => {
    const runtimeDir = await temporaryFolder();
    const args = ["--runtime-dir", runtimeDir, "--storage", "memory:", "--log-format", format, "--log-level", "debug"];
    const child = spawn(process.execPath, [cocained, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    const ended = once(child, "exit");
    child.stdout.destroy();
    const list = () => runNode(cocaine, ["--runtime-dir", runtimeDir, "ls"]);
    await vi.waitFor(async () => expect((await list()).code).toBe(0), soon);
    expect((await list()).code).toBe(0);
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });
});

describe("SIGHUP", () => {
  it("restarts every app with its code as it is now, those of the folder and those of the storage", async () => {
    const [apps, stored] = [await temporaryFolder(), await temporaryFolder()];
    const tasks = { who: { type: "server+zmq", endpoint: "ipc://who.sock" } };
    const code = async (answer: string) => {
      for (const folder of [apps, stored])
        await writeFile(join(folder, "app.mjs"), `export const who = () => "${answer}";\n`);
    };
    await code("old");
    await writeManifest(apps, "a.json", { type: "js", args: "./app.mjs", tasks });
    const node = await startNode({ args: ["--apps", apps] });
    await node.cocaine(["deploy", await writeManifest(stored, "b.json", { type: "js", args: "./app.mjs", tasks })]);
    await code("new");
    node.signal("SIGHUP");
    await logged(node, "reloaded");
    expect(await node.call("a", "who")).toBe("new");
    expect(await node.call("b", "who")).toBe("new");
  });

  it("reads the configuration again: another folder of apps, another level", async () => {
    const [folder, first, second] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder()];
    await writeManifest(first, "a.json", appManifest());
    await writeManifest(second, "b.json", appManifest());
    const config = await writeManifest(folder, "cocained.yaml", `apps: ${first}\n`);
    const node = await startNode({ args: ["--config", config] });
    await writeFile(config, `apps: ${second}\nstorage: files:/elsewhere\nhostname: other\n`);
    node.signal("SIGHUP");
    await logged(node, "reloaded");
    expect(await node.names()).toEqual(["b"]);
    // The storage of the flag goes over that of the file, which so has not changed; a node is named as its machine.
    expect(node.log.find(({ changed }) => changed !== undefined)).toMatchObject({
      changed: ["hostname", "nodeId"],
    });
    await writeFile(config, `aps: ${first}\n`);
    node.signal("SIGHUP");
    await logged(node, "the reload failed, all goes on as before");
    expect(await node.names()).toEqual(["b"]);
  });
});
