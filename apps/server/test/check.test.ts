import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { cocained, root, runNode } from "./support/programs.ts";

const bad = fileURLToPath(new URL("fixtures/bad", import.meta.url));

describe("cocained check", () => {
  it("passes the manifests of the examples, also that of 2011", async () => {
    const polyglot = ["page", "js", "python", "asgi", "cxx"].map((name) => `polyglot/polyglot-${name}.yaml`);
    const files = ["seed/seed.yaml", "seed/manifest-2011.json", "hello-js/hello-js.yaml", ...polyglot];
    const { code, stdout } = await runNode(cocained, ["check", ...files.map((file) => `${root}examples/${file}`)]);
    expect(stdout).toBe(files.map((file) => `${root}examples/${file}: ok\n`).join(""));
    expect(code).toBe(0);
  });

  it("tells path, found and expected of every bad manifest, each broken in its own way", async () => {
    const names = (await readdir(bad)).filter((name) => !name.endsWith(".txt")).sort();
    expect(names.length).toBeGreaterThanOrEqual(30);
    const { code, stdout } = await runNode(cocained, ["check", ...names], { cwd: bad });
    expect(code).toBe(1);
    for (const name of names) {
      const verdict = stdout.split(/^(?=\S)/m).find((part) => part.startsWith(`${name}: `));
      // What is expected is beside it, a line for each part of the message.
      for (const line of (await readFile(join(bad, `${name}.txt`), "utf8")).trim().split("\n")) {
        expect(verdict).toContain(line);
      }
    }
  });

  it("ends with 2 and its usage if it is called wrongly", async () => {
    const { code, stderr } = await runNode(cocained, ["check"]);
    expect(code).toBe(2);
    expect(stderr).toContain("missing required argument 'files'");
  });
});
