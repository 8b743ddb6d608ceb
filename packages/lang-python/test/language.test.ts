import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createRegistry } from "@cocaine/core";
import { silentLogger } from "@cocaine/core/plugin";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type PythonLanguagesOptions, pythonLanguages } from "../src/index.ts";
import { startEngine } from "./support/engine.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "python-language-"));
});

afterEach(() => rm(folder, { recursive: true }));

async function launch(
  code: string,
  env: Record<string, string> = {},
  options?: PythonLanguagesOptions,
  manifest: { venv?: string } = {},
) {
  const [language] = pythonLanguages(options).map((plugin) => plugin.create(manifest, { log: silentLogger() }));
  return language?.launch({ name: "app", type: "python+json", code, env });
}

test("the languages can be registered side by side", () => {
  const plugins = pythonLanguages();
  expect(plugins.map(({ name }) => name)).toEqual(["python", "python+json", "python+wsgi", "python+asgi"]);
  createRegistry().use(plugins);
});

test("a module is launched in its folder, with the app's environment", async () => {
  const code = join(folder, "app.py");
  await writeFile(code, "");
  expect(await launch(code, { DEBUG: "1" })).toMatchObject({
    kind: "command",
    command: "python3",
    args: [expect.stringMatching(/\/python\/cocaine_worker\/__main__\.py$/), "python+json", code],
    cwd: folder,
    env: { DEBUG: "1" },
    concurrency: 1,
  });
});

test("a folder is launched by its __init__.py", async () => {
  await writeFile(join(folder, "__init__.py"), "");
  expect(await launch(folder)).toMatchObject({
    args: [expect.any(String), "python+json", join(folder, "__init__.py")],
    cwd: folder,
  });
});

test("code that is missing is named, with what to do", async () => {
  const code = join(folder, "nowhere.py");
  await expect(launch(code)).rejects.toMatchObject({
    code: "COC_LANGUAGE_CODE",
    message: `The code ${code} cannot be run: there is no such file or folder: correct the manifest's args`,
  });
});

test("a folder that is no package is an error", async () => {
  await expect(launch(folder)).rejects.toMatchObject({
    code: "COC_LANGUAGE_CODE",
    message: expect.stringContaining("the folder has no __init__.py: add one, or name a module in it"),
  });
});

test("a file that is not Python is an error", async () => {
  const code = join(folder, "app.js");
  await writeFile(code, "");
  await expect(launch(code)).rejects.toMatchObject({
    code: "COC_LANGUAGE_CODE",
    message: expect.stringContaining("the file is not named *.py"),
  });
});

test("an interpreter that is missing is named, with the package that brings it", async () => {
  await writeFile(join(folder, "__init__.py"), "");
  for (const interpreter of ["python3", join(folder, "python")]) {
    await expect(launch(folder, { PATH: folder }, { interpreter })).rejects.toMatchObject({
      code: "COC_LANGUAGE_INTERPRETER",
      message: expect.stringContaining("install the Debian package python3"),
    });
  }
});

test("the interpreter is looked up in the PATH of the app's environment", async () => {
  await writeFile(join(folder, "__init__.py"), "");
  const bin = join(folder, "bin");
  await mkdir(bin);
  await writeFile(join(bin, "snake"), "#!/bin/sh\n");
  const env = { PATH: `${folder}:${bin}` };
  await expect(launch(folder, env, { interpreter: "snake" })).rejects.toMatchObject({
    code: "COC_LANGUAGE_INTERPRETER",
  });
  await chmod(join(bin, "snake"), 0o755);
  expect(await launch(folder, env, { interpreter: "snake" })).toMatchObject({ command: "snake" });
});

test("a virtual environment is run as if it were activated", async () => {
  await writeFile(join(folder, "__init__.py"), "");
  const venv = join(folder, "venv");
  await promisify(execFile)("python3", ["-m", "venv", "--without-pip", venv]);
  expect(await launch(folder, { PATH: "/usr/bin", DEBUG: "1" }, {}, { venv })).toMatchObject({
    command: join(venv, "bin/python"),
    env: { DEBUG: "1", VIRTUAL_ENV: venv, PATH: `${venv}/bin:/usr/bin` },
  });
  await writeFile(join(folder, "app.py"), "import sys\ndef prefix(request):\n    return sys.prefix\n");
  await using engine = await startEngine(join(folder, "app.py"), { venv });
  await engine.hello();
  expect((await engine.call("prefix")).text).toBe(venv);
});

test("a virtual environment that is none is named, with how to make it", async () => {
  await writeFile(join(folder, "__init__.py"), "");
  const venv = join(folder, "venv");
  await expect(launch(folder, {}, {}, { venv })).rejects.toMatchObject({
    code: "COC_LANGUAGE_INTERPRETER",
    message:
      `The virtual environment ${venv} has no bin/python that can be run: make it with \`python3 -m venv ${venv}\` ` +
      "(on Debian of the package python3-venv), or correct venv in the manifest's language",
  });
});
