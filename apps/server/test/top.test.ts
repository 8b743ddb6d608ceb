import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { appManifest, writeManifest } from "./support/manifest.ts";
import { type RunningNode, startNode } from "./support/node.ts";
import { cocaine, python, pyzmq } from "./support/programs.ts";
import { soon } from "./support/soon.ts";
import { temporaryFolder } from "./support/temporary.ts";

async function nodeWithApp(): Promise<RunningNode> {
  const node = await startNode();
  const file = await writeManifest(await temporaryFolder(), "app.json", appManifest());
  expect(await node.cocaine(["deploy", file])).toMatchObject({ code: 0 });
  return node;
}

/** `cocaine top` on a terminal of its own. */
function onTerminal(node: RunningNode, columns: number, rows: number) {
  const command = [process.execPath, cocaine, "--runtime-dir", node.runtimeDir, "top", "--interval", "0.2"];
  const child = spawn(python, [pyzmq("terminal.py"), String(columns), String(rows), ...command]);
  onTestFinished(() => void child.kill());
  let drawn = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    drawn += text;
  });
  return {
    /** All that was drawn. */
    drawn: () => drawn,
    /** The pages, as their lines. */
    pages: () =>
      drawn
        .split("\x1b[H")
        .slice(1)
        .map((page) => page.replaceAll("\x1b[K", "").replaceAll("\r", "").split("\n")),
    press: (keys: string) => child.stdin.write(keys),
    ended: once(child, "exit").then(([code]) => code as number),
  };
}

describe("cocaine top", () => {
  it("draws anew in place, with the rates of the last interval", async () => {
    const node = await nodeWithApp();
    const top = onTerminal(node, 160, 50);
    await vi.waitFor(() => expect(top.pages().length).toBeGreaterThan(2), soon);
    await vi.waitFor(async () => {
      await node.call("app", "echo", "hello");
      expect(top.drawn()).toMatch(/app\/echo +server\+zmq +[\d.]+ +0 +[\d.]+(µs|ms) /);
    }, soon);
    expect(top.drawn()).toMatch(/APP +STATE +JOBS\/S/);
    expect(top.drawn()).toMatch(/\S+ +app +\d+ +ready +\d+ +\d+ +\d+s/);
    expect(top.drawn().split("\x1b[?1049h")).toHaveLength(2);
  });

  it.each([
    ["q", "q"],
    ["Ctrl-C", "\x03"],
  ])("ends with %s, and leaves the terminal as it was", async (_, key) => {
    const node = await nodeWithApp();
    const top = onTerminal(node, 120, 40);
    await vi.waitFor(() => expect(top.pages().length).toBeGreaterThan(1), soon);
    top.press(key);
    expect(await top.ended).toBe(0);
    expect(top.drawn().endsWith("\x1b[?25h\x1b[?1049l")).toBe(true);
  });

  it("cuts lines that do not fit, and rows that do not", async () => {
    const node = await nodeWithApp();
    const top = onTerminal(node, 40, 8);
    await vi.waitFor(() => expect(top.pages().length).toBeGreaterThan(2), soon);
    const [, page = []] = top.pages();
    expect(page.length).toBe(8);
    expect(Math.max(...page.map((line) => line.replaceAll("\x1b[J", "").length))).toBeLessThanOrEqual(40);
  });

  it("leaves the terminal as it was when the node goes away, and says so", async () => {
    const node = await nodeWithApp();
    const top = onTerminal(node, 120, 40);
    await vi.waitFor(() => expect(top.pages().length).toBeGreaterThan(1), soon);
    node.signal("SIGKILL");
    expect(await top.ended).toBe(3);
    const [, after = ""] = top.drawn().split("\x1b[?1049l");
    expect(after).toContain("COC_ADMIN_LOST");
  });

  it("shows one interval where its output is no terminal, and ends with --once", async () => {
    const node = await nodeWithApp();
    const { code, stdout } = await node.cocaine(["top", "--once", "--interval", "0.1"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/ apps?, \d+ workers?, 0 jobs wait, 0 jobs\/s/);
    expect(stdout).not.toContain("\x1b");
  });

  it("gives a line of JSON with --json", async () => {
    const node = await nodeWithApp();
    const { stdout } = await node.cocaine(["--json", "top", "--once", "--interval", "0.1"]);
    expect(JSON.parse(stdout).result).toMatchObject({
      seconds: expect.any(Number),
      changes: [{ app: "app", rates: { jobs: 0, failed: 0 } }],
      node: { pid: node.pid },
    });
  });

  it("refuses an interval that is none", async () => {
    const node = await nodeWithApp();
    expect(await node.cocaine(["top", "--interval", "0"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("0.1 to 3600 seconds"),
    });
  });
});

describe("cocaine info", () => {
  it("shows counts and times of tasks, failures and how workers ended", async () => {
    const node = await nodeWithApp();
    await node.call("app", "echo", "hello");
    await expect(node.call("app", "fail")).rejects.toThrow("not today");
    const [worker] = (await node.app("app")).pool.workers;
    process.kill(worker?.pid as number, "SIGKILL");
    await vi.waitFor(async () => {
      const { stdout } = await node.cocaine(["info", "app"]);
      expect(stdout).toMatch(/^pool: \d of 0 to 10, /m);
      expect(stdout).toMatch(/^workers: \d started, .*; ended: 1 COC_WORKER_CRASHED$/m);
      expect(stdout).toMatch(/^jobs: 0 running, 1 done, 1 failed, 0 cancelled$/m);
      expect(stdout).toMatch(/^echo +server\+zmq +tcp:\S+ +1 +0 +0 +0 +5B +5B$/m);
      expect(stdout).toMatch(/^echo( +[\d.]+(µs|ms|s)){8}$/m);
      expect(stdout).toMatch(/^failures of fail: 1 COC_JOB_FAILED$/m);
    }, soon);
  });
});
