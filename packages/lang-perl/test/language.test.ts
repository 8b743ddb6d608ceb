import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRegistry } from "@cocaine/core";
import { silentLogger } from "@cocaine/core/plugin";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type PerlLanguagesOptions, perlLanguages } from "../src/index.ts";

let folder: string;
let code: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "perl-language-"));
  code = join(folder, "app.pl");
  await writeFile(code, "1;");
});

afterEach(() => rm(folder, { recursive: true }));

async function launch(file: string, env: Record<string, string> = {}, options?: PerlLanguagesOptions) {
  const [language] = perlLanguages(options).map((plugin) => plugin.create({}, { log: silentLogger() }));
  return language?.launch({ name: "app", type: "perl+json", code: file, env });
}

test("the languages can be registered side by side", () => {
  const plugins = perlLanguages();
  expect(plugins.map(({ name }) => name)).toEqual(["perl", "perl+json", "perl+psgi"]);
  createRegistry().use(plugins);
});

test("a file is launched in its folder, with the app's environment", async () => {
  expect(await launch(code, { DEBUG: "1" })).toMatchObject({
    kind: "command",
    command: "perl",
    args: [expect.stringMatching(/\/perl\/bin\/cocaine-worker$/), "perl+json", code],
    cwd: folder,
    env: { DEBUG: "1" },
    concurrency: 1,
  });
});

test("code that is missing is named, with what to do", async () => {
  const nowhere = join(folder, "nowhere.pl");
  await expect(launch(nowhere)).rejects.toMatchObject({
    code: "COC_LANGUAGE_CODE",
    message: `The code ${nowhere} cannot be run: there is no such file: correct the manifest's args`,
  });
});

test("a folder is an error", async () => {
  await expect(launch(folder)).rejects.toMatchObject({
    code: "COC_LANGUAGE_CODE",
    message: expect.stringContaining("it is a folder: name a file in it"),
  });
});

test("a file that is not Perl is an error", async () => {
  const other = join(folder, "app.py");
  await writeFile(other, "");
  await expect(launch(other)).rejects.toMatchObject({
    code: "COC_LANGUAGE_CODE",
    message: expect.stringContaining("the file is not named *.pl, *.pm, *.psgi"),
  });
});

test("an interpreter that is missing is named, with the package that brings it", async () => {
  for (const interpreter of ["perl", join(folder, "perl")]) {
    await expect(launch(code, { PATH: folder }, { interpreter })).rejects.toMatchObject({
      code: "COC_LANGUAGE_INTERPRETER",
      message: expect.stringContaining("install the Debian package perl (Perl 5.26 or later)"),
    });
  }
});

test("the interpreter is looked up in the PATH of the app's environment", async () => {
  const bin = join(folder, "bin");
  await mkdir(bin);
  await writeFile(join(bin, "camel"), "#!/bin/sh\n");
  const env = { PATH: `${folder}:${bin}` };
  await expect(launch(code, env, { interpreter: "camel" })).rejects.toMatchObject({
    code: "COC_LANGUAGE_INTERPRETER",
  });
  await chmod(join(bin, "camel"), 0o755);
  expect(await launch(code, env, { interpreter: "camel" })).toMatchObject({ command: "camel" });
});
