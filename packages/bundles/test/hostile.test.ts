import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { createBundleCache } from "@cocaine/bundles";
import { describe, expect, it } from "vitest";
import { pathsIn, temporaryFolder } from "./support/folders.ts";
import { writeHostile } from "./support/python.ts";
import { bundleOf, storageWith } from "./support/storage.ts";

/** Uploads an archive of a kind under its own hash, and opens it. */
async function open(kind: string, limits = {}) {
  const work = await temporaryFolder();
  const file = join(work, "archive");
  await writeHostile(kind, file);
  const bundle = bundleOf(await readFile(file));
  const storage = await storageWith(bundle);
  const folder = join(work, "cache");
  const cache = createBundleCache({ storage, folder, limits: { entries: 100, ...limits } });
  return { folder, opened: cache.open(bundle.sha256) };
}

describe("an archive of another program", () => {
  it("is unpacked if it is a good one", async () => {
    const { opened } = await open("good");
    expect(await pathsIn(await opened)).toEqual(["app.py", "sub", "sub/app.py"]);
    const dotted = await open("dotted");
    expect(await pathsIn(await dotted.opened)).toEqual(["app.py"]);
  });

  it("is unpacked by what its header says where an extended one is none", async () => {
    for (const [kind, name] of [
      ["number-as-path", "0123"],
      ["text-as-size", "app.py"],
      ["negative-size", "app.py"],
    ] as const) {
      const opened = await (await open(kind)).opened;
      expect(await pathsIn(opened)).toEqual([name]);
      expect(await readFile(join(opened, name), "utf8")).toBe("x");
    }
  });

  it.each([
    ["absolute", /"\/tmp\/coc-absolute" is refused, its path is absolute/],
    ["parent", /"\.\.\/coc-parent" is refused, its path leads out/],
    ["parent-inside", /"sub\/\.\.\/\.\.\/coc-parent" is refused, its path leads out/],
    ["link-absolute", /"passwd" is refused, it links to the absolute path \/etc\/passwd/],
    ["link-out", /"out" is refused, it links to \.\.\/\.\.\/\.\.\/etc\/passwd/],
    ["link-through-link", /"out" is refused, it links to sub\/deep\/up\/\.\.\/\.\., out of the bundle/],
    ["link-nowhere", /"nowhere" is refused, it links to missing, which is not there/],
    ["link-loop", /"one" is refused/],
    ["file-through-link", /"way\/app.py" is refused, way above it is no folder/],
    ["file-over-link", /"way" is refused, it is there twice/],
    ["hard-link", /"again" is refused, it is a hard link/],
    ["hard-link-out", /"passwd" is refused/],
    ["character-device", /"null" is refused, it is no file, folder or symbolic link \(CharacterDevice\)/],
    ["block-device", /"disk" is refused, .*BlockDevice/],
    ["pipe", /"pipe" is refused, .*FIFO/],
    ["part-of-a-byte", /"app.py" is refused, its size is 0.5 bytes/],
    ["larger-size", /broken one .*Truncated/],
    ["control-in-target", /"link" is refused, what it links to has control/],
    ["long-target", /"link" is refused, what it links to is longer/],
    ["sparse", /"holes" is refused/],
    ["setuid", /"su" is refused, it has setuid/],
    ["setgid", /"sg" is refused, it has setuid, setgid/],
    ["sticky", /"st" is refused, .*sticky/],
    ["twice", /"app.py" is refused, it is there twice/],
    ["case", /"app.py" is refused, it differs from App.py/],
    ["folder-case", /"lib\/two.py" is refused, it differs from Lib/],
    ["file-as-folder", /"app\/main.py" is refused, app above it is no folder/],
    ["folder-as-file", /"app" is refused, it is there twice/],
    ["spelling", /differs from caf.*\.py in case or spelling/],
    ["long-path", /is refused, its path is longer than 1024 bytes/],
    ["long-name", /is refused, a name is longer than 255 bytes/],
    ["very-long-path", /is refused, its header is longer than/],
    ["control", /is refused, .*control characters/],
    ["cut", /broken one .*Truncated/],
    ["lying-size", /broken one .*Truncated/],
    ["checksum", /broken one .*checksum/],
    ["noise", /no tar archive/],
    ["compressed-bomb", /it is compressed/],
  ])("is refused for: %s", async (kind, message) => {
    const { folder, opened } = await open(kind);
    await expect(opened).rejects.toMatchObject({ code: "COC_BUNDLE_ARCHIVE", message: expect.stringMatching(message) });
    // Nothing stays, neither inside nor outside.
    expect(await pathsIn(folder)).toEqual([]);
    for (const path of ["/tmp/coc-absolute", join(folder, "coc-parent"), join(folder, "../coc-parent")])
      await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("is refused for more entries than it may have, folders that are only implied too", async () => {
    for (const kind of ["many", "many-folders"]) {
      const { folder, opened } = await open(kind);
      await expect(opened).rejects.toMatchObject({
        code: "COC_BUNDLE_SIZE",
        message: expect.stringMatching(/more than 100 entries/),
      });
      expect(await pathsIn(folder)).toEqual([]);
    }
  });

  it("is refused for a size that its header alone has", async () => {
    const { opened } = await open("lying-size", { bytes: 100_000_000 });
    await expect(opened).rejects.toMatchObject({
      code: "COC_BUNDLE_SIZE",
      message: expect.stringMatching(/with zeros .* 200 MB, and may have/),
    });
  });
});
