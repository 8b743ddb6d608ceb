import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { writeManifest } from "./support/manifest.ts";
import { type RunningNode, startNode } from "./support/node.ts";
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
