import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testDriver } from "@cocaine/testing";
import { onTestFinished, test } from "vitest";
import { fsDriver } from "../src/index.ts";

let files = 0;

testDriver({
  test,
  driver: fsDriver(),
  async options() {
    const path = await mkdtemp(join(tmpdir(), "cocaine-fs-"));
    onTestFinished(() => rm(path, { recursive: true, force: true }));
    return { path };
  },
  fire: ({ path }, text) => writeFile(join(String(path), `file-${++files}`), text),
});

testDriver({
  test: (name, run) => test(`spool ${name}`, run),
  driver: fsDriver(),
  async options() {
    const path = await mkdtemp(join(tmpdir(), "cocaine-fs-"));
    onTestFinished(() => rm(path, { recursive: true, force: true }));
    return { path, spool: true };
  },
  fire: ({ path }, text) => writeFile(join(String(path), `file-${++files}`), text),
});
