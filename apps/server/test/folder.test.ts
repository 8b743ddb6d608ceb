import { appendFile, mkdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { appManifest, writeManifest } from "./support/manifest.ts";
import { type RunningNode, startNode } from "./support/node.ts";
import { soon } from "./support/soon.ts";
import { temporaryFolder } from "./support/temporary.ts";

const greeting = async (node: RunningNode, app: string): Promise<unknown> =>
  JSON.parse(await node.call(app, "who")).greeting;

const greets = (text: string) => appManifest({ env: { GREETING: text } });

describe("the folder of apps", () => {
  it("is deployed at the start and followed: a new, a changed and a removed manifest", async () => {
    const apps = await temporaryFolder();
    await writeManifest(apps, "a.json", greets("first"));
    await writeManifest(apps, "notes.txt", "no manifest");
    const node = await startNode({ args: ["--apps", apps] });
    expect(await node.names()).toEqual(["a"]);

    await writeManifest(apps, "b.yaml", JSON.stringify(greets("second")));
    await vi.waitFor(async () => expect(await node.names()).toEqual(["a", "b"]), soon);

    await writeManifest(apps, "a.json", greets("changed"));
    await vi.waitFor(async () => expect(await greeting(node, "a")).toBe("changed"), soon);

    await rm(join(apps, "b.yaml"));
    await vi.waitFor(async () => expect(await node.names()).toEqual(["a"]), soon);
  });

  it("takes bad manifests for what they are, each alone with all its issues, and the same files mended", async () => {
    const apps = await temporaryFolder();
    await writeManifest(apps, "good.json", greets("good"));
    await writeManifest(apps, "bad.json", { ...greets("bad"), type: "jss", enigne: {} });
    await writeManifest(apps, "broken.yaml", "type: [\n");
    const node = await startNode({ args: ["--apps", apps] });
    expect(await node.names()).toEqual(["good"]);
    const errors = node.log.filter(({ level }) => level === 50).map(({ msg }) => msg);
    expect(errors).toHaveLength(2);
    expect(errors.join("\n")).toContain('did you mean "js"?');
    expect(errors.join("\n")).toContain('did you mean "engine"?');
    expect(errors.join("\n")).toMatch(/broken\.yaml:2:1: the YAML is broken/);

    await writeManifest(apps, "bad.json", greets("mended"));
    await vi.waitFor(async () => expect(await node.names()).toEqual(["bad", "good"]), soon);
  });

  it("lets a burst of writes settle, and takes a file that is written in pieces once it is whole", async () => {
    const apps = await temporaryFolder();
    const node = await startNode({ args: ["--apps", apps] });
    const text = JSON.stringify(greets("whole"));
    await writeFile(join(apps, "a.json"), "");
    for (let at = 0; at < text.length; at += 40) await appendFile(join(apps, "a.json"), text.slice(at, at + 40));
    await vi.waitFor(async () => expect(await node.names()).toEqual(["a"]), soon);
    expect(node.log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
    expect(node.log.filter(({ msg }) => msg === "app deployed")).toHaveLength(1);
  });

  it("keeps an app whose new manifest is bad as it was", async () => {
    const apps = await temporaryFolder();
    await writeManifest(apps, "a.json", greets("old"));
    const node = await startNode({ args: ["--apps", apps] });
    await writeManifest(apps, "a.json", { ...greets("new"), type: "jss" });
    await vi.waitFor(() => expect(node.log.some(({ code }) => code === "COC_MANIFEST")).toBe(true), soon);
    expect(await greeting(node, "a")).toBe("old");
  });

  it("reloads an app when its file is touched, and follows a link to the file it stands for", async () => {
    const apps = await temporaryFolder();
    const source = await temporaryFolder();
    const file = await writeManifest(source, "manifest.json", greets("linked"));
    await symlink(file, join(apps, "a.json"));
    const node = await startNode({ args: ["--apps", apps] });
    expect(await greeting(node, "a")).toBe("linked");
    await utimes(file, new Date(), new Date());
    await vi.waitFor(() => expect(node.log.filter(({ msg }) => msg === "app deployed")).toHaveLength(2), soon);
  });

  it("leaves the second of two files for one app out, until it is the only one", async () => {
    const apps = await temporaryFolder();
    await writeManifest(apps, "a.json", greets("json"));
    await writeManifest(apps, "a.yaml", JSON.stringify(greets("yaml")));
    const node = await startNode({ args: ["--apps", apps] });
    expect(await greeting(node, "a")).toBe("json");
    expect(node.log.some(({ msg }) => msg.includes("a.yaml is left out"))).toBe(true);
    await rm(join(apps, "a.json"));
    await vi.waitFor(async () => expect(await greeting(node, "a")).toBe("yaml"), soon);
  });

  it("that goes away leaves its apps running", async () => {
    const parent = await temporaryFolder();
    const apps = join(parent, "apps");
    await mkdir(apps);
    await writeManifest(apps, "a.json", greets("here"));
    const node = await startNode({ args: ["--apps", apps] });
    await rename(apps, join(parent, "elsewhere"));
    await vi.waitFor(
      () => expect(node.log.some(({ msg }) => msg.includes("its apps stay as they are"))).toBe(true),
      soon,
    );
    expect(await greeting(node, "a")).toBe("here");
  });

  it("that is not there keeps the server from starting", async () => {
    const apps = join(await temporaryFolder(), "nowhere");
    await expect(startNode({ args: ["--apps", apps] })).rejects.toThrow(
      /ended with 1: .*nowhere, cannot be read.*COC_APPS_FOLDER/,
    );
  });
});

describe("an app of the folder", () => {
  it("is not stored: it is gone with its file", async () => {
    const storage = `files:${await temporaryFolder()}`;
    const apps = await temporaryFolder();
    await writeManifest(apps, "a.json", greets("from the folder"));
    const first = await startNode({ args: ["--apps", apps], storage });
    const deployed = await writeManifest(await temporaryFolder(), "b.json", greets("stored"));
    await first.cocaine(["deploy", deployed]);
    first.signal("SIGTERM");
    await first.ended;
    const second = await startNode({ storage });
    expect(await second.names()).toEqual(["b"]);
    expect(await greeting(second, "b")).toBe("stored");
  });
});
