import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, chown, readFile, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { packBundle } from "@cocaine/bundles";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { folderOf, temporaryFolder, writeFiles } from "./support/folders.ts";

const run = promisify(execFile);

const code = {
  "app.py": "import lib\n",
  "lib/__init__.py": "",
  "lib/data/words.txt": "a\nb\n",
  latest: ["lib"],
} as const;

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

describe("a folder", () => {
  it("is packed into an archive of the hash and size that are told, which tar reads", async () => {
    const folder = await folderOf(code);
    await chmod(join(folder, "app.py"), 0o700);
    const bundle = await packBundle(folder);
    const archive = await bytesOf(bundle.read());
    expect(archive.length).toBe(bundle.size);
    expect(createHash("sha256").update(archive).digest("hex")).toBe(bundle.sha256);
    const file = join(await temporaryFolder(), "archive.tar");
    await writeFile(file, archive);
    const { stdout } = await run("tar", ["--utc", "-tvf", file]);
    expect(stdout.replaceAll(/ +/g, " ")).toBe(
      `-rwxr-xr-x 0/0 11 1970-01-01 00:00 app.py
lrwxrwxrwx 0/0 0 1970-01-01 00:00 latest -> lib
drwxr-xr-x 0/0 0 1970-01-01 00:00 lib/
-rw-r--r-- 0/0 0 1970-01-01 00:00 lib/__init__.py
drwxr-xr-x 0/0 0 1970-01-01 00:00 lib/data/
-rw-r--r-- 0/0 4 1970-01-01 00:00 lib/data/words.txt
`.replace("lrwxrwxrwx", "lrwxr-xr-x"),
    );
    expect([...bundle.paths]).toEqual(["app.py", "latest", "lib", "lib/__init__.py", "lib/data", "lib/data/words.txt"]);
  });

  it("has the same hash elsewhere, whatever its times, owners, modes and the order in which it was written", async () => {
    const one = await folderOf(code);
    const other = await temporaryFolder();
    await writeFiles(other, Object.fromEntries(Object.entries(code).reverse()));
    await utimes(join(other, "app.py"), 1, 1);
    await chmod(join(other, "app.py"), 0o600);
    await chmod(join(other, "lib"), 0o2775);
    if (process.getuid?.() === 0) await chown(join(other, "lib/__init__.py"), 65534, 65534);
    const { sha256 } = await packBundle(one);
    expect((await packBundle(other)).sha256).toBe(sha256);

    await chmod(join(other, "app.py"), 0o755);
    const executable = await packBundle(other);
    await writeFile(join(other, "app.py"), "import lab\n");
    const changed = await packBundle(other);
    await rename(join(other, "lib/data"), join(other, "lib/date"));
    const renamed = await packBundle(other);
    expect(new Set([sha256, executable.sha256, changed.sha256, renamed.sha256]).size).toBe(4);
  });

  it("of any names is read by tar as it was written", async () => {
    const name = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 60 })
      .filter((text) => !/[\p{Cc}/\uFFFD]|^\.{1,2}$/u.test(text));
    const path = fc.array(name, { minLength: 1, maxLength: 6 }).map((names) => names.join("/"));
    await fc.assert(
      fc.asyncProperty(path, async (path) => {
        const folder = await folderOf({ [`top/${path}`]: path });
        const { read } = await packBundle(folder);
        const into = await temporaryFolder();
        const file = join(into, "archive.tar");
        await writeFile(file, await bytesOf(read()));
        await run("tar", ["-xf", file, "-C", into]);
        expect(await readFile(join(into, "top", path), "utf8")).toBe(path);
      }),
      { numRuns: 30 },
    );
  });

  it("is packed without what .cocaineignore leaves out, and what is no code anywhere", async () => {
    const folder = await folderOf({
      ".cocaineignore": "# not needed\n*.log\n/data/\n!keep.log\nREADME.md\n",
      "app.js": "",
      "run.log": "",
      "lib/keep.log": "",
      "lib/other.log": "",
      "data/big": "",
      "lib/data/small": "",
      "readme.md": "",
      "lib/__pycache__/app.pyc": "",
      ".git/HEAD": "",
      ".env": "",
    });
    const { paths } = await packBundle(folder);
    expect([...paths]).toEqual([".env", "app.js", "lib", "lib/data", "lib/data/small", "lib/keep.log", "readme.md"]);
  });

  it("that changes while it is sent is not sent as another", async () => {
    const folder = await folderOf(code);
    const { read } = await packBundle(folder);
    await writeFile(join(folder, "app.py"), "import lob\n");
    await expect(bytesOf(read())).rejects.toMatchObject({
      code: "COC_BUNDLE_FOLDER",
      message: expect.stringMatching(/try again/),
    });
    await writeFile(join(folder, "app.py"), "import lib.more\n");
    await expect(bytesOf(read())).rejects.toMatchObject({
      code: "COC_BUNDLE_FILE",
      message: expect.stringMatching(/app\.py .*changed/),
    });
  });
});

describe("a folder is not packed", () => {
  const failure = (folder: string, limits = {}) =>
    packBundle(folder, limits).then(
      () => expect.fail("it was packed"),
      ({ code, message }: { code: string; message: string }) => `${code} ${message}`,
    );

  it("if it is not there or is a file", async () => {
    expect(await failure("/nowhere/at/all")).toMatch(/^COC_BUNDLE_FOLDER the folder \/nowhere\/at\/all cannot be/);
    expect(await failure(process.execPath)).toMatch(/^COC_BUNDLE_FOLDER .*ENOTDIR/);
  });

  it.each([
    ["an absolute path", "/etc/hostname", "links to the absolute path /etc/hostname"],
    ["what lies outside", "../../../etc/hostname", "out of the folder"],
    ["nothing", "missing", "missing, which is not there"],
    ["what is left out", "run.log", "run.log, which is left out"],
  ])("with a link to %s", async (_, target, why) => {
    const folder = await folderOf({ ".cocaineignore": "*.log", "run.log": "", "lib/app.py": "" });
    await symlink(target, join(folder, "link"));
    const message = await failure(folder);
    expect(message).toMatch(/^COC_BUNDLE_FILE link cannot be bundled: /);
    expect(message).toContain(why);
  });

  it("with a link that leads out through another link", async () => {
    const folder = await folderOf({ "sub/deep/app.py": "" });
    await symlink("..", join(folder, "sub/deep/up"));
    await symlink("sub/deep/up/../..", join(folder, "out"));
    expect(await failure(folder)).toMatch(/^COC_BUNDLE_FILE out cannot be bundled: .*out of the folder/);
  });

  it("with a socket or a pipe in it", async () => {
    const folder = await folderOf({ "app.py": "" });
    const server = createServer().listen(join(folder, "control.sock"));
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    expect(await failure(folder)).toMatch(/^COC_BUNDLE_FILE control\.sock cannot be bundled: it is a socket/);
    const other = await folderOf({ "app.py": "" });
    await run("mkfifo", [join(other, "pipe")]);
    expect(await failure(other)).toMatch(/^COC_BUNDLE_FILE pipe cannot be/);
  });

  it("with something in it that cannot be read", async () => {
    expect(await failure(await folderOf({ ".cocaineignore/app.py": "" }))).toMatch(
      /^COC_BUNDLE_FILE \.cocaineignore cannot be bundled: it cannot be read \(EISDIR/,
    );
  });

  it("with names that others could not unpack", async () => {
    expect(await failure(await folderOf({ "App.py": "", "app.py": "" }))).toMatch(
      /^COC_BUNDLE_FILE .*case or spelling/,
    );
    expect(await failure(await folderOf({ "a\nb": "" }))).toMatch(/control characters/);
    expect(await failure(await folderOf({ "lib/app.py": "" }), { path: 8 })).toMatch(/longer than 8 bytes/);
  });

  it("if it is too much, and the largest files are named", async () => {
    const folder = await folderOf({ "big.bin": "x".repeat(3_000_000), "app.py": "" });
    expect(await failure(folder, { bytes: 2_000_000 })).toMatch(
      /^COC_BUNDLE_SIZE .* would have 4 MB, and may have 2 MB: .*\.cocaineignore.*\(big\.bin has 3 MB/,
    );
    expect(await failure(folder, { entries: 1 })).toMatch(/^COC_BUNDLE_SIZE .* more than 1 files/);
  });
});
