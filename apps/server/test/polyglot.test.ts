import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { absolute } from "../src/manifest-file.ts";
import { writeManifest } from "./support/manifest.ts";
import { startNode } from "./support/node.ts";
import { freePort } from "./support/port.ts";
import { root, run } from "./support/programs.ts";
import { temporaryFolder } from "./support/temporary.ts";

interface Manifest {
  tasks: Record<string, Record<string, unknown>>;
}

const folder = join(root, "examples/polyglot");
const TEXT = "Es war die beste und die schönste Zeit";

it("the example polyglot does the same job in every language, on one listener", async () => {
  const node = await startNode();
  const manifests = await temporaryFolder();

  async function deploy(name: string, endpoint: string): Promise<void> {
    const manifest = absolute(parse(await readFile(join(folder, `${name}.yaml`), "utf8")), folder) as Manifest;
    for (const task of Object.values(manifest.tasks)) task.endpoint = endpoint;
    await node.cocaine(["deploy", await writeManifest(manifests, `${name}.json`, manifest)]);
  }

  const endpoint = `http://127.0.0.1:${await freePort()}`;
  await deploy("polyglot-page", endpoint);
  const languages = { js: "JavaScript", python: "Python", asgi: "Python, asynchronous", perl: "Perl", cxx: "C++" };
  for (const [path, language] of Object.entries(languages)) {
    await deploy(`polyglot-${path}`, endpoint);
    const { stdout } = await run("curl", ["-sS", "--data-binary", TEXT, `${endpoint}/${path}`]);
    expect(JSON.parse(stdout)).toEqual({ language, words: 8, longest: "schönste" });
  }
  const page = await run("curl", ["-sS", `${endpoint}/`]);
  expect(page.stdout).toContain(`const languages = ${JSON.stringify(Object.keys(languages))}`);
});
