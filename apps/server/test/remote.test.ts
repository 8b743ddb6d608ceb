import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { type RunningNode, startNode } from "./support/node.ts";
import { cocaine, cocained, type Ended, root, runNode } from "./support/programs.ts";
import { temporaryFolder } from "./support/temporary.ts";

const app = join(root, "examples/hello-js/hello-js.yaml");

/** A user's machine: its own home, and no node. */
interface Laptop {
  readonly folder: string;
  readonly key: string;
  run(...args: string[]): Promise<Ended>;
  /** Runs `cocaine` with standard input. */
  feed(input: string, ...args: string[]): Promise<Ended>;
}

async function laptop(): Promise<Laptop> {
  const folder = await temporaryFolder();
  const env = { XDG_CONFIG_HOME: folder, XDG_RUNTIME_DIR: folder, COCAINE_RUNTIME_DIR: join(folder, "none") };
  return {
    folder,
    key: join(folder, "cocaine/key.json"),
    run: (...args) => runNode(cocaine, args, { env }),
    feed: (input, ...args) => runNode(cocaine, args, { env, input }),
  };
}

async function startRemoteNode(): Promise<{ node: RunningNode; endpoint: string; pin: string; dataDir: string }> {
  const dataDir = await temporaryFolder();
  const node = await startNode({ args: ["--admin", "tcp://127.0.0.1:0", "--data-dir", dataDir] });
  const told = node.log.find(({ msg }) => msg === "remote administration");
  return { node, endpoint: String(told?.endpoint), pin: String(told?.fingerprint), dataDir };
}

/** Makes a key on the laptop, and has the node let it in. */
async function letIn(user: Laptop, node: RunningNode, name: string, role: string): Promise<string> {
  const made = await user.run("keys", "generate");
  expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining(user.key) });
  const file = join(user.folder, "me.pub.json");
  await writeFile(file, made.stdout);
  expect(await node.cocaine(["keys", "add", name, file, "--role", role])).toMatchObject({ code: 0, stderr: "" });
  return file;
}

it("a node does not start without its audit log, or with a key that others can read", async () => {
  const dataDir = await temporaryFolder();
  const start = () =>
    runNode(cocained, [
      "--storage",
      "memory:",
      "--runtime-dir",
      dataDir,
      "--data-dir",
      dataDir,
      "--admin",
      "tcp://127.0.0.1:0",
    ]);
  await mkdir(join(dataDir, "audit.log"));
  expect(await start()).toMatchObject({ code: 1, stderr: expect.stringContaining("COC_ADMIN_AUDIT") });
  await chmod(join(dataDir, "node-key.json"), 0o640);
  expect((await start()).stderr).toContain(`chmod 600 ${join(dataDir, "node-key.json")}`);
});

describe("cocaine on another machine", () => {
  let user: Laptop;
  let node: RunningNode;
  let endpoint: string;
  let pin: string;
  let dataDir: string;
  beforeEach(async () => {
    user = await laptop();
    ({ node, endpoint, pin, dataDir } = await startRemoteNode());
  });
  const add = () => user.run("context", "add", "far", "--node", endpoint, "--pin", pin, "--key", user.key);

  it("does what it does on the node's own, once its key was let in there", async () => {
    await letIn(user, node, "ann", "admin");
    expect((await stat(user.key)).mode & 0o777).toBe(0o600);
    const printed = await node.cocaine(["--data-dir", dataDir, "keys", "fingerprint"]);
    expect(printed.stdout.trim()).toBe(pin);
    expect(await add()).toMatchObject({ code: 0, stdout: "context far added\n" });
    expect((await stat(join(user.folder, "cocaine/contexts.yaml"))).mode & 0o777).toBe(0o600);
    expect((await user.run("context", "use", "far")).code).toBe(0);

    expect((await user.run("deploy", app, "--name", "hello")).stderr).toBe("");
    expect((await user.run("ls")).stdout).toMatch(/hello +running/);
    expect((await user.feed("you", "call", "hello", "greet")).stdout).toContain("you");
    expect((await user.run("whoami")).stdout).toMatch(/^ann, admin, by the key /);
    const nodes = JSON.parse((await user.run("--json", "nodes")).stdout) as { result: { admin: unknown }[] };
    expect(nodes.result).toMatchObject([
      { self: true, admin: { endpoint, fingerprint: pin }, apps: [{ name: "hello" }] },
    ]);
    expect((await user.run("nodes")).stdout).toMatch(/NODE +ADDRESS/);
    expect((await user.run("ls", "--cluster")).stdout).toMatch(/hello +\S+ +running/);
    expect((await user.run("logs", "hello")).stdout).toContain("app deployed");
    expect((await user.run("rm", "hello")).code).toBe(0);
    expect(await node.names()).toEqual([]);

    // Another key for a colleague, by the remote endpoint; and nothing of it is a secret that was written anywhere.
    const other = await user.run("keys", "generate", "--out", join(user.folder, "bob.json"));
    const added = await user.feed(other.stdout, "keys", "add", "bob", "-", "--role", "viewer");
    expect(added.stdout).toMatch(/^bob is viewer by the key /);
    expect((await user.run("keys", "ls")).stdout).toMatch(/ann +admin.*\n.*bob +viewer/s);
    const audit = await readFile(join(dataDir, "audit.log"), "utf8");
    expect((await stat(join(dataDir, "audit.log"))).mode & 0o777).toBe(0o600);
    expect(
      audit
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toContainEqual(
      expect.objectContaining({ user: "ann", role: "admin", action: "deploy", app: "hello", outcome: "ok" }),
    );
    const secret = (JSON.parse(await readFile(user.key, "utf8")) as { d: string }).d;
    expect(audit + JSON.stringify(node.log)).not.toContain(secret.slice(0, 20));
  }, 60_000);

  it("is told what its role is not enough for, and is refused once its key is revoked", async () => {
    await letIn(user, node, "vic", "viewer");
    await add();
    const far = (...args: string[]) => user.run("--context", "far", ...args);
    expect((await far("ls")).code).toBe(0);
    expect(await far("deploy", app)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('vic is viewer, and "deploy" is for those who are deployer'),
    });
    expect((await node.cocaine(["keys", "rm", "vic"])).stdout).toMatch(/of vic is revoked/);
    expect(await far("ls")).toMatchObject({ code: 1, stderr: expect.stringContaining("COC_ADMIN_REFUSED") });
    expect(node.log.some(({ msg }) => msg.includes("its sender's key is not known, or was revoked"))).toBe(true);
  }, 60_000);

  it("says what is wrong with a context, a key file and a pin", async () => {
    await letIn(user, node, "ann", "admin");
    const wrong = await user.run(
      "context",
      "add",
      "far",
      "--node",
      endpoint,
      "--pin",
      "x".repeat(43),
      "--key",
      user.key,
    );
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining(`has the key ${pin}`) });
    expect(
      (await user.run("context", "add", "far", "--node", endpoint, "--pin", "short", "--key", user.key)).stderr,
    ).toContain("short is no fingerprint");
    expect(
      (await user.run("context", "add", "local", "--node", endpoint, "--pin", pin, "--key", user.key)).stderr,
    ).toContain('"local" is no name for a context');
    await add();
    expect((await user.run("--context", "farr", "ls")).stderr).toContain('did you mean "far"?');
    await chmod(user.key, 0o644);
    expect((await user.run("--context", "far", "ls")).stderr).toContain(`chmod 600 ${user.key}`);
    await chmod(user.key, 0o600);
    expect((await user.run("keys", "generate")).stderr).toContain("is there already, and is not overwritten");
    await chmod(join(user.folder, "cocaine/contexts.yaml"), 0o666);
    expect((await user.run("--context", "far", "ls")).stderr).toContain("others can change it");
    await chmod(join(user.folder, "cocaine/contexts.yaml"), 0o600);

    expect((await user.run("context", "ls")).stdout).toMatch(/local +\*.*\nfar /s);
    expect((await user.run("context", "show", "far")).stdout).toContain(pin);
    node.signal("SIGKILL");
    await node.ended;
    expect(await user.run("--context", "far", "ls")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(endpoint),
    });
    expect((await user.run("context", "rm", "far")).code).toBe(0);
    expect((await user.run("--context", "far", "ls")).stderr).toContain("COC_CONTEXT_UNKNOWN");
  }, 60_000);
});
