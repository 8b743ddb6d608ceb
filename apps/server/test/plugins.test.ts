import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRegistry } from "@cocaine/core";
import { describe, expect, it } from "vitest";
import { sourceOf, usePlugins } from "../src/plugins.ts";
import { cocained, runNode } from "./support/programs.ts";
import { temporaryFolder } from "./support/temporary.ts";

const PLUGIN = `({ kind: "driver", apiVersion: 1, name: "NAME", options: {}, create() {} })`;
const plugin = (name: string) => PLUGIN.replace("NAME", name);

/** A folder with modules, and with packages in its node_modules. */
async function folder(files: Record<string, string>): Promise<string> {
  const path = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(path, name, ".."), { recursive: true });
    await writeFile(join(path, name), text);
  }
  return path;
}

const use = async (base: string, ...settings: (string | { module: string; options?: Record<string, unknown> })[]) =>
  (
    await usePlugins(
      createRegistry(),
      settings.map((setting) => sourceOf(setting, base)),
    )
  ).names("driver");

describe("plugins of the configuration", () => {
  it("are packages and paths, which export plugins in any of these ways", async () => {
    const base = await folder({
      "value.mjs": `export default ${plugin("value")}`,
      "made.mjs": `export default ({ name = "made" } = {}) => ({ ...${plugin("")}, name })`,
      "later.mjs": `export const laterDriver = async () => [${plugin("later")}, ${plugin("latest")}]`,
      "node_modules/cocaine-driver-one/package.json": '{"type":"module","exports":{"import":"./index.js"}}',
      "node_modules/cocaine-driver-one/index.js": `export { one as default }; const one = ${plugin("one")};`,
    });
    const asked = { module: "./made.mjs", options: { name: "asked" } };
    expect(await use(base, "./value.mjs", "./made.mjs", asked, "./later.mjs", "cocaine-driver-one")).toEqual([
      "asked",
      "call",
      "later",
      "latest",
      "made",
      "one",
      "value",
    ]);
    expect(await use("/", join(base, "value.mjs"))).toContain("value");
  });

  it.each([
    ["cocaine-driver-nowhere", /cocaine-driver-nowhere cannot be used \(Cannot find.*: install it where .* finds it/],
    ["./nowhere.mjs", /\.\/nowhere.mjs cannot be used \(Cannot find.*a path that begins with/],
    ["./throws.mjs", /cannot be used \(no licence\): mend it/],
    ["./nothing.mjs", /cannot be used \(it exports no plugin\): export as default what defineDriver/],
    ["./many.mjs", /it exports no plugin/],
  ])("that cannot be used say why: %s", async (module, message) => {
    const base = await folder({
      "throws.mjs": 'export default () => { throw new Error("no licence"); }',
      "nothing.mjs": "export default { kind: 'driver' }",
      "many.mjs": "export const a = 1; export const b = 2;",
    });
    await expect(use(base, module)).rejects.toMatchObject({
      code: "COC_PLUGIN",
      message: expect.stringMatching(message),
    });
  });

  it("are not taken twice, nor if they were written for another contract", async () => {
    const base = await folder({
      "one.mjs": `export default ${plugin("one")}`,
      "old.mjs": `export default { ...${plugin("old")}, apiVersion: 0 }`,
    });
    await expect(use(base, "./one.mjs", "./one.mjs")).rejects.toMatchObject({ code: "COC_PLUGIN_DUPLICATE" });
    await expect(use(base, "./old.mjs")).rejects.toMatchObject({ code: "COC_PLUGIN_API" });
  });

  it("are known to cocained check, by file, variable and flag", async () => {
    const base = await folder({
      "one.mjs": 'import { z } from "zod"; export default () => ({ ...PLUGIN, options: z.strictObject({}) });'.replace(
        "PLUGIN",
        plugin("one"),
      ),
      "node_modules/zod/package.json": '{"type":"module","exports":"./index.js"}',
      "node_modules/zod/index.js": `export * from ${JSON.stringify(import.meta.resolve("zod"))}`,
      "cocained.yaml": "plugins: [./one.mjs]",
      "app.json": JSON.stringify({ type: "js", args: "./app.js", tasks: { task: { type: "one" } } }),
      "app.js": "export const task = () => 1;",
    });
    const check = async (flags: string[], env: Record<string, string> = {}) =>
      (
        await runNode(cocained, [...flags, "check", "app.json"], {
          cwd: base,
          env: { PATH: process.env.PATH ?? "", ...env },
        })
      ).stdout;
    expect(await check([])).toContain('"one"');
    expect(await check(["--config", "cocained.yaml"])).toBe("app.json: ok\n");
    expect(await check(["--plugins", "./one.mjs", "--"])).toBe("app.json: ok\n");
    expect(await check([], { COCAINE_PLUGINS: "./one.mjs" })).toBe("app.json: ok\n");
  });
});
