import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { absolute, readManifestFile } from "../src/manifest-file.ts";
import { temporaryFolder } from "./support/temporary.ts";

describe("a manifest file", () => {
  it("gives the app its base name, whether it is YAML or JSON", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "blog.yaml"), "type: js\nargs: ./app.js\n");
    await writeFile(join(folder, "shop.v2.json"), '{ "type": "js", "args": "/srv/app.js" }');
    expect(await readManifestFile(join(folder, "blog.yaml"))).toEqual({
      name: "blog",
      manifest: { type: "js", args: `local://${folder}/app.js` },
    });
    expect((await readManifestFile(join(folder, "shop.v2.json"))).name).toBe("shop.v2");
  });

  it("is read through a link with the paths of the file itself and the name of the link", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "app"));
    await writeFile(join(folder, "app/manifest.yaml"), "args: ./app.js\n");
    await symlink("app/manifest.yaml", join(folder, "live.yaml"));
    expect(await readManifestFile(join(folder, "live.yaml"))).toEqual({
      name: "live",
      manifest: { args: `local://${folder}/app/app.js` },
    });
  });

  it("that is broken is refused with file, line and column", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "a.yaml"), "type: js\ntasks:\n  event: [\n");
    await writeFile(join(folder, "b.json"), '{\n  "type": "js"\n  "args": 1\n}\n');
    await expect(readManifestFile(join(folder, "a.yaml"))).rejects.toMatchObject({
      code: "COC_MANIFEST_FILE",
      message: expect.stringMatching(/a\.yaml:4:1: the YAML is broken/),
    });
    await expect(readManifestFile(join(folder, "b.json"))).rejects.toMatchObject({
      code: "COC_MANIFEST_FILE",
      message: expect.stringMatching(/b\.json:3:3: the JSON is broken/),
    });
  });

  it("that is missing, or is none by its name, is refused", async () => {
    const folder = await temporaryFolder();
    await expect(readManifestFile(join(folder, "a.yaml"))).rejects.toThrow("a.yaml cannot be read");
    await expect(readManifestFile(join(folder, "a.toml"))).rejects.toThrow("its name must end in .yaml, .yml, .json");
  });
});

describe("relative paths", () => {
  it("are made absolute where the file system is meant", () => {
    const manifest = {
      args: "local://../code/app.py",
      language: { venv: "./venv", other: "./as-it-is" },
      engine: { cwd: "work", "pool-limit": 2 },
      pubsub: { endpoint: "ipc://feed.sock" },
      tasks: {
        spool: { type: "fs", path: "./spool" },
        old: { type: "filesystem-monitor", path: "/var/spool" },
        web: { type: "server+http", endpoint: "http://*:80", path: "/blog" },
        event: {
          type: "server+zmq",
          endpoint: ["tcp://lo:9100", "ipc://./event.sock", "ipc:///run/e.sock", "ipc://@name"],
        },
      },
    };
    expect(absolute(manifest, "/srv/app")).toEqual({
      args: "local:///srv/code/app.py",
      language: { venv: "/srv/app/venv", other: "./as-it-is" },
      engine: { cwd: "/srv/app/work", "pool-limit": 2 },
      pubsub: { endpoint: "ipc:///srv/app/feed.sock" },
      tasks: {
        spool: { type: "fs", path: "/srv/app/spool" },
        old: { type: "filesystem-monitor", path: "/var/spool" },
        web: { type: "server+http", endpoint: "http://*:80", path: "/blog" },
        event: {
          type: "server+zmq",
          endpoint: ["tcp://lo:9100", "ipc:///srv/app/event.sock", "ipc:///run/e.sock", "ipc://@name"],
        },
      },
    });
  });

  it("leave alone what is not a manifest's, for the schema to tell", () => {
    for (const value of [null, 3, "text", [1], { args: 5, tasks: [], pubsub: "x", engine: null }]) {
      expect(absolute(value, "/srv")).toEqual(value);
    }
    expect(absolute({ args: "storage://abc/app.py" }, "/srv")).toEqual({ args: "storage://abc/app.py" });
  });
});
