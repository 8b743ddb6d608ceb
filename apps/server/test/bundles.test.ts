import { createHash, randomBytes } from "node:crypto";
import { chmod, cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type AdminClient, createLocalClient, createRemoteClient, generateKey, publicKeyOf } from "@cocaine/admin";
import { describe, expect, it, onTestFinished, vi } from "vitest";
// By path: a server of MongoDB's protocol is for the tests of that package and this one.
import { startServer } from "../../../packages/storage-mongo/test/support/server.mjs";
import { bundleCode } from "../src/bundle.ts";
import { readManifestFile } from "../src/manifest-file.ts";
import { type Answer, connectClient } from "./support/dealer.ts";
import { smallDisk } from "./support/disk.ts";
import { writeManifest } from "./support/manifest.ts";
import { type RunningNode, startNode } from "./support/node.ts";
import { peakMemory } from "./support/processes.ts";
import { temporaryFolder } from "./support/temporary.ts";

const FIXTURE = fileURLToPath(new URL("fixtures/bundled", import.meta.url));

/** A project: a manifest beside a folder of code. */
async function makeProject(manifest: Readonly<Record<string, unknown>>) {
  const project = await temporaryFolder();
  const code = join(project, "src");
  await cp(FIXTURE, code, { recursive: true });
  const file = await writeManifest(project, "app.json", { tasks: { say: { type: "call" } }, ...manifest });
  return { project, code, file };
}

const python = { type: "python", args: "./src/app.py" };
const js = { type: "js", args: "./src/app.mjs" };

async function startWithCache(storage = "memory:"): Promise<{ node: RunningNode; cacheDir: string }> {
  const cacheDir = join(await temporaryFolder(), "cache");
  return { node: await startNode({ storage, args: ["--cache-dir", cacheDir] }), cacheDir };
}

async function deploy(node: RunningNode, name: string, file: string, folder: string) {
  const { code, stderr } = await node.cocaine(["deploy", file, "--name", name, "--bundle", folder]);
  return code === 0 ? "done" : stderr;
}

async function connect(client: AdminClient): Promise<AdminClient> {
  await client.start();
  onTestFinished(() => client.close());
  return client;
}

describe("cocaine deploy --bundle", () => {
  it("runs apps without their folder, and after a restart of the node that has lost its cache", async () => {
    const files = `files:${await temporaryFolder()}`;
    const { node, cacheDir } = await startWithCache(files);
    const one = await makeProject(python);
    expect(await deploy(node, "python", one.file, one.code)).toBe("done");
    const other = await makeProject(js);
    expect(await deploy(node, "js", other.file, other.code)).toBe("done");
    // The same code with another manifest is one bundle.
    expect((await node.app("js")).bundle).toBe((await node.app("python")).bundle);
    expect(await readdir(join(cacheDir, "bundles"))).toHaveLength(1);
    expect((await node.cocaine(["info", "js"])).stdout).toMatch(/^bundle: [0-9a-f]{64}$/m);
    for (const { project } of [one, other]) await rm(project, { recursive: true });

    expect(await node.call("python", "say")).toBe("in python");
    expect(await node.call("js", "say")).toBe("in javascript");
    node.signal("SIGTERM");
    await node.ended;
    await rm(cacheDir, { recursive: true });
    const again = await startNode({ storage: files, args: ["--cache-dir", cacheDir] });
    expect(await again.call("python", "say")).toBe("in python");
    expect(await again.call("js", "say")).toBe("in javascript");
  });

  it("takes the folder itself as the code", async () => {
    const { node } = await startWithCache();
    const { code, file } = await makeProject({ type: "js", args: "./src" });
    await writeFile(join(code, "package.json"), '{ "main": "app.mjs" }');
    expect(await deploy(node, "app", file, code)).toBe("done");
    expect(await node.call("app", "say")).toBe("in javascript");
  });

  it("goes back to the version before by its manifest", async () => {
    const { node } = await startWithCache();
    const { code, file, project } = await makeProject(js);
    expect(await deploy(node, "app", file, code)).toBe("done");
    const { bundle } = await node.app("app");
    await writeFile(join(code, "lib/text.mjs"), 'export const text = "of the second version";');
    expect(await deploy(node, "app", file, code)).toBe("done");
    expect(await node.call("app", "say")).toBe("of the second version");
    const before = await writeManifest(project, "before.json", {
      type: "js",
      args: `storage://${bundle}/app.mjs`,
      tasks: { say: { type: "call" } },
    });
    expect((await node.cocaine(["deploy", before, "--name", "app"])).stderr).toBe("");
    expect(await node.call("app", "say")).toBe("in javascript");
  });

  it("says what is wrong, and sends nothing", async () => {
    const { node } = await startWithCache();
    const { code, file, project } = await makeProject(js);
    await mkdir(join(project, "other"));
    expect(await deploy(node, "app", file, join(project, "other"))).toMatch(
      /args, "local:.*app\.mjs", is not in the folder .*other: name the code by its path .*COC_BUNDLE_ARGS/,
    );
    expect(await deploy(node, "app", file, join(project, "none"))).toMatch(
      /none cannot be bundled .*COC_BUNDLE_FOLDER/,
    );
    await writeFile(join(code, ".cocaineignore"), "*.mjs\n");
    expect(await deploy(node, "app", file, code)).toMatch(/is left out by \.cocaineignore.*COC_BUNDLE_ARGS/);
    const stored = await writeManifest(project, "stored.json", { ...js, args: `storage://${"0".repeat(64)}/app.mjs` });
    expect(await deploy(node, "app", stored, code)).toMatch(/is no path of a file.*COC_BUNDLE_ARGS/);
    const unknown = await writeManifest(project, "unknown.json", {
      type: "js",
      args: `storage://${"0".repeat(64)}/app.mjs`,
      tasks: { say: { type: "call" } },
    });
    expect((await node.cocaine(["deploy", unknown])).stderr).toMatch(/the storage has no bundle 0{64}/);
    expect(await node.names()).toEqual([]);
  });
});

describe("bundles", () => {
  it("follow each other under load without a failed request", async () => {
    const { node } = await startWithCache();
    const { code, file } = await makeProject({
      ...js,
      tasks: { say: { type: "server+zmq", endpoint: "tcp://127.0.0.1:0" } },
    });
    expect(await deploy(node, "app", file, code)).toBe("done");
    const client = connectClient(await node.endpoint("app", "say"));
    const answers: Answer[] = [];
    let deploying = true;
    const load = (async () => {
      while (deploying) answers.push(...(await client.send(200, 16)));
    })();
    for (let version = 1; version <= 5; version++) {
      await writeFile(join(code, "lib/text.mjs"), `export const text = "version ${version}";`);
      expect(await deploy(node, "app", file, code)).toBe("done");
    }
    deploying = false;
    await load;
    answers.push(...(await client.send(16, 1)));
    expect(answers.filter(({ error }) => error !== undefined)).toEqual([]);
    const seen = new Set(answers.map(({ text }) => text));
    expect([...seen]).toEqual(["in javascript", ...[1, 2, 3, 4, 5].map((version) => `version ${version}`)]);
  });

  it("reach every node of a cluster within seconds, and so does a changed file, without a failed request", async () => {
    const database = await startServer();
    onTestFinished(() => database.close());
    const nodes = await Promise.all([1, 2, 3].map(() => startWithCache(database.uri)));
    const one = nodes[0]?.node ?? expect.fail("there is no node");
    const tasks = { say: { type: "server+zmq", endpoint: "tcp://127.0.0.1:0" } };
    const projects = { python: await makeProject({ ...python, tasks }), js: await makeProject({ ...js, tasks }) };
    const say = (name: string) =>
      Promise.all(
        nodes.map(async ({ node }) => {
          const [answer] = await connectClient(await node.endpoint(name, "say")).send(1, 1);
          return answer?.text;
        }),
      );
    for (const [name, { code, file, project }] of Object.entries(projects)) {
      expect(await deploy(one, name, file, code)).toBe("done");
      if (name === "python") await rm(project, { recursive: true });
    }
    const within = { timeout: 5000, interval: 50 };
    await vi.waitFor(async () => expect(await say("python")).toEqual(nodes.map(() => "in python")), within);
    await vi.waitFor(async () => expect(await say("js")).toEqual(nodes.map(() => "in javascript")), within);
    const { bundle } = await one.app("js");
    // The same code under two manifests.
    for (const { cacheDir } of nodes) expect(await readdir(join(cacheDir, "bundles"))).toEqual([bundle]);

    const clients = await Promise.all(
      nodes.map(async ({ node }) => ({ node, client: connectClient(await node.endpoint("js", "say")) })),
    );
    let deploying = true;
    const loads = clients.map(async ({ client }) => {
      const answers: Answer[] = [];
      while (deploying) answers.push(...(await client.send(100, 8)));
      return answers;
    });
    await writeFile(join(projects.js.code, "lib/text.mjs"), 'export const text = "changed";');
    expect(await deploy(one, "js", projects.js.file, projects.js.code)).toBe("done");
    await vi.waitFor(async () => {
      for (const { node } of nodes) expect((await node.app("js")).bundle).not.toBe(bundle);
    }, within);
    await vi.waitFor(async () => expect(await say("js")).toEqual(nodes.map(() => "changed")), within);
    deploying = false;
    for (const answers of await Promise.all(loads)) {
      expect(answers.filter(({ error }) => error !== undefined)).toEqual([]);
      expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(["in javascript", "changed"]));
    }
  }, 60_000);

  it("are sent from afar by who may deploy", async () => {
    const dataDir = await temporaryFolder();
    const node = await startNode({ args: ["--data-dir", dataDir, "--admin", "tcp://127.0.0.1:*"] });
    const local = await connect(createLocalClient({ path: join(node.runtimeDir, "control.sock") }));
    const [{ admin } = expect.fail("there is no node")] = await local.call("nodes", {});
    const { endpoint, fingerprint: pin } = admin ?? expect.fail("it has no endpoint");
    const remote = async (role: "viewer" | "deployer") => {
      const key = await generateKey();
      await local.call("addKey", { user: role, jwk: publicKeyOf(key), role });
      return connect(createRemoteClient({ endpoint, key, pin }));
    };
    const { code, file } = await makeProject(js);
    await writeFile(join(code, "data"), randomBytes(8_000_000));
    const { manifest } = await readManifestFile(file);
    const viewer = await remote("viewer");
    await expect(bundleCode(manifest, code, viewer)).rejects.toMatchObject({ code: "COC_ADMIN_ROLE" });
    const deployer = await remote("deployer");
    await deployer.call("deploy", { name: "app", manifest: await bundleCode(manifest, code, deployer) });
    expect(await node.call("app", "say")).toBe("in javascript");
  });

  it("are run by workers of another user", async () => {
    const folder = await temporaryFolder();
    await chmod(folder, 0o711);
    const runtimeDir = await temporaryFolder();
    await chmod(runtimeDir, 0o711);
    const node = await startNode({ runtimeDir, args: ["--cache-dir", join(folder, "cache")] });
    const { code, file } = await makeProject({ ...js, engine: { user: "nobody" } });
    await chmod(join(code, "app.mjs"), 0o600);
    expect(await deploy(node, "app", file, code)).toBe("done");
    expect(await node.call("app", "say")).toBe("in javascript");
  });

  it("are unpacked anew after kill -9 of a node that was unpacking", async () => {
    const files = `files:${await temporaryFolder()}`;
    const { node, cacheDir } = await startWithCache(files);
    const { code, file } = await makeProject(python);
    await Promise.all(Array.from({ length: 1500 }, (_, index) => writeFile(join(code, `data-${index}`), "data")));
    const deploying = deploy(node, "app", file, code);
    await vi.waitFor(
      async () => {
        const [partial = ""] = await readdir(join(cacheDir, "bundles"));
        expect((await readdir(join(cacheDir, "bundles", partial, "code"))).length).toBeGreaterThan(50);
      },
      { timeout: 15_000, interval: 5 },
    );
    node.signal("SIGKILL");
    expect(await deploying).toMatch(/COC_ADMIN_LOST/);
    const left = await readdir(join(cacheDir, "bundles"));
    expect(left).toEqual([expect.stringMatching(/^partial-/)]);

    const again = await startNode({ storage: files, args: ["--cache-dir", cacheDir] });
    expect(await deploy(again, "app", file, code)).toBe("done");
    expect(await again.call("app", "say")).toBe("in python");
    const { bundle = "" } = await again.app("app");
    expect(await readdir(join(cacheDir, "bundles"))).toEqual([bundle]);
    const names = await readdir(join(cacheDir, "bundles", bundle, "code"));
    expect(names.filter((name) => name.startsWith("data-"))).toHaveLength(1500);
  }, 60_000);

  it("for which the disk has no room fail the deploy, and leave nothing", async () => {
    const disk = await smallDisk();
    const node = await startNode({ args: ["--cache-dir", join(disk.path, "cache")] });
    const { code, file } = await makeProject(js);
    expect(await deploy(node, "app", file, code)).toBe("done");
    await writeFile(join(code, "large"), Buffer.alloc(2_000_000));
    expect(await deploy(node, "app", file, code)).toMatch(/cannot hold bundles: its disk is full/);
    const { bundle } = await node.app("app");
    expect(await readdir(join(disk.path, "cache/bundles"))).toEqual([bundle]);
    expect(await node.call("app", "say")).toBe("in javascript");
  });

  it("that are bombs are refused, with no more memory or disk than they have themselves", async () => {
    const { node, cacheDir } = await startWithCache();
    const { project } = await makeProject(js);
    const bomb = gzipSync(Buffer.alloc(200_000_000));
    const sha256 = createHash("sha256").update(bomb).digest("hex");
    const client = await connect(createLocalClient({ path: join(node.runtimeDir, "control.sock") }));
    expect(await client.call("bundle", { sha256, size: bomb.length })).toEqual({ there: false });
    await client.call("putBundlePiece", { sha256, index: 0 }, bomb);
    await client.call("sealBundle", { sha256 });
    const before = await peakMemory(node.pid);
    const manifest = await writeManifest(project, "bomb.json", {
      type: "js",
      args: `storage://${sha256}/app.mjs`,
      tasks: { say: { type: "call" } },
    });
    expect((await node.cocaine(["deploy", manifest])).stderr).toMatch(/is not unpacked: it is compressed/);
    expect((await peakMemory(node.pid)) - before).toBeLessThan(50_000_000);
    expect(await readdir(join(cacheDir, "bundles"))).toEqual([]);
  });
});
