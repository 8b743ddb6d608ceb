import { execFile } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const kit = fileURLToPath(new URL("../perl", import.meta.url));
const run = promisify(execFile);

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "perl-cpan-"));
  await cp(kit, folder, { recursive: true });
});

afterAll(() => rm(folder, { recursive: true }));

test("the manifest of the distribution names all of its files", async () => {
  const check = "my ($missing, $extra) = ExtUtils::Manifest::fullcheck(); print qq(@$missing @$extra\\n)";
  const { stdout } = await run("perl", ["-MExtUtils::Manifest", "-e", check], { cwd: folder });
  expect(stdout.trim()).toBe("");
});

test("the distribution is made, tested and installed as any of CPAN", async () => {
  const root = join(folder, "installed");
  await run("perl", ["Makefile.PL", `INSTALL_BASE=${root}`], { cwd: folder });
  const { stdout } = await run("make", ["test", "install"], { cwd: folder });
  expect(stdout).toContain("All tests successful.");
  const { stderr, code } = await run(join(root, "bin/cocaine-worker"), [], {
    env: { ...process.env, PERL5LIB: join(root, "lib/perl5") },
  }).catch((error) => error);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^this program is started by Cocaine: /);
});
