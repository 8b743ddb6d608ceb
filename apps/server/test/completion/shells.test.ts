import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startNode } from "../support/node.ts";
import { cocaine, root, run, runNode } from "../support/programs.ts";
import { temporaryFolder } from "../support/temporary.ts";

/** Asks a real shell for what it would offer at the end of a line. */
type Ask = (line: string) => Promise<string[]>;

let env: Record<string, string>;
let folder: string;

async function prepare(): Promise<void> {
  folder = await temporaryFolder();
  const bin = join(folder, "bin");
  await mkdir(bin);
  await writeFile(join(bin, "cocaine"), `#!/bin/sh\nexec ${process.execPath} ${cocaine} "$@"\n`);
  await chmod(join(bin, "cocaine"), 0o755);
  await symlink("/etc/hosts", join(folder, "an-app.yaml"));
  for (const shell of ["bash", "zsh", "fish"]) {
    const { stdout } = await runNode(cocaine, ["completion", shell]);
    await writeFile(join(folder, `cocaine.${shell}`), stdout);
  }
  env = {
    PATH: `${bin}:${process.env.PATH}`,
    XDG_CONFIG_HOME: join(folder, "config"),
    HOME: folder,
    TERM: "dumb",
    ...(await withNode()),
  };
}

/** A node with an app, which completion asks for names. */
async function withNode(): Promise<Record<string, string>> {
  const node = await startNode();
  const file = join(root, "examples/hello-js/hello-js.yaml");
  expect((await node.cocaine(["deploy", file, "--name", "hello"])).stderr).toBe("");
  return { COCAINE_RUNTIME_DIR: node.runtimeDir };
}

const lines = (text: string): string[] =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .sort();

const shells: Record<string, Ask> = {
  async bash(line) {
    const words = line.split(" ");
    const script = `source ${folder}/cocaine.bash; cd ${folder}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; compopt() { :; }; _cocaine; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return lines((await run("bash", ["--norc", "-c", script], { env })).stdout);
  },
  async zsh(line) {
    // The function, with what it asks of zsh's own completion told on standard output.
    const words = line.split(" ");
    const script = `compdef() { :; }; compadd() { shift; print -l -- "$@"; }; _files() { print -l -- *; }; source ${folder}/cocaine.zsh; cd ${folder}; words=(${words.map((word) => `'${word}'`).join(" ")}); CURRENT=${words.length}; _cocaine`;
    return lines((await run("zsh", ["-f", "-c", script], { env })).stdout);
  },
  async fish(line) {
    const script = `source ${folder}/cocaine.fish; cd ${folder}; complete -C '${line}'`;
    return lines((await run("fish", ["--no-config", "-c", script], { env })).stdout);
  },
};

describe.each(Object.keys(shells))("completion in %s", (shell) => {
  const ask: Ask = (line) => (shells[shell] as Ask)(line);

  it("offers commands, options, values, apps, tasks, contexts and files", async () => {
    await prepare();
    expect(await ask("cocaine de")).toEqual(["dead-letters", "deploy"]);
    expect(await ask("cocaine keys ")).toEqual(["add", "fingerprint", "generate", "ls", "rm"]);
    expect(await ask("cocaine ls --cl")).toEqual(["--cluster"]);
    expect(await ask("cocaine keys add me key.json --role ")).toEqual(["admin", "deployer", "viewer"]);
    expect(await ask("cocaine --json info h")).toEqual(["hello"]);
    expect(await ask("cocaine call hello ")).toEqual(["greet", "page", "tick"]);
    expect(await ask("cocaine --context ")).toEqual(["local"]);
    expect(await ask("cocaine context use l")).toEqual(["local"]);
    expect(await ask("cocaine deploy an")).toContain("an-app.yaml");
    expect(await ask("cocaine whoami ")).toEqual([]);
  }, 60_000);

  it("says nothing at all where no node answers", async () => {
    await prepare();
    env.COCAINE_RUNTIME_DIR = join(folder, "none");
    expect(await ask("cocaine info ")).toEqual([]);
    expect(await ask("cocaine --context none call a")).toEqual([]);
  }, 60_000);
});
