import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { must } from "./command.mjs";

/** The Python that workers and the virtual environment run on: Debian's own, which has its headers beside it. */
export function interpreter() {
  return existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
}

/**
 * Sees to it that the virtual environment holds these packages.
 *
 * A stamp in the environment says what it was made of, and is written last: without one it is made anew.
 *
 * @param folder - of the virtual environment.
 * @param name - of the stamp.
 */
export async function preparePython(folder, name, needs) {
  const python = interpreter();
  const version = (await must(python, ["-c", "import sys; print(sys.version, sys.prefix)"])).trim();
  const requirements = needs.map(({ requirement }) => requirement);
  const wanted = { python, version, requirements };
  const stamp = join(folder, `prepared-${name}.json`);
  if (isDeepStrictEqual(read(stamp), wanted)) return;

  const made = join(folder, "prepared.json");
  if (!isDeepStrictEqual(read(made), { python, version })) {
    console.log(`Making the virtual environment ${folder}`);
    await must(python, ["-m", "venv", "--clear", folder]);
    write(made, { python, version });
  }
  console.log(`Installing ${requirements.join(", ")}`);
  await must(join(folder, "bin/python"), [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "--no-input",
    ...requirements,
  ]);
  write(stamp, wanted);
}

/**
 * Sees to it that source distributions lie unpacked in a folder.
 *
 * @param venv - whose pip gets them.
 */
export async function prepareSources(folder, venv, needs) {
  for (const { requirement } of needs) {
    const name = requirement.replace("==", "-");
    if (existsSync(join(folder, name))) continue;
    console.log(`Getting the source of ${requirement}`);
    const unfinished = join(folder, `${name}.part`);
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true });
    const pip = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"];
    await must(join(venv, "bin/python"), [...pip, "--no-binary", ":all:", "--dest", unfinished, requirement]);
    await must("tar", ["-xzf", join(unfinished, `${name}.tar.gz`), "-C", unfinished]);
    renameSync(join(unfinished, name), join(folder, name));
    rmSync(unfinished, { recursive: true });
  }
}

function read(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

function write(file, value) {
  writeFileSync(file, JSON.stringify(value));
}
