import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { jsLanguages } from "../src/index.ts";
import { fixture, launchOf, startWorker } from "./support/worker.ts";

describe("launch", () => {
  it("runs a file in its folder", async () => {
    const launch = await launchOf("app.mjs");
    expect(launch).toMatchObject({
      kind: "command",
      command: process.execPath,
      cwd: dirname(fixture("app.mjs")),
      concurrency: 256,
    });
    expect(launch.kind === "command" && launch.args.at(-1)).toBe(fixture("app.mjs"));
  });

  it("runs a folder's main, or its index.js", async () => {
    const main = await startWorker("folder");
    await main.hello();
    expect((await main.call("where")).text()).toBe(fixture("folder/lib"));
    const index = await startWorker("plain");
    await index.hello();
    expect((await index.call("where")).text()).toBe(fixture("plain/index.js"));
  });

  it("takes another program and its options", async () => {
    const [language] = jsLanguages({ node: "/opt/node", execArgv: ["--max-old-space-size=64"] });
    const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
    const app = { name: "a", type: "js", code: fixture("app.mjs"), env: { A: "1" } };
    const launch = await language.create({}, { log }).launch(app);
    expect(launch).toMatchObject({ command: "/opt/node", env: { A: "1" } });
    expect(launch.kind === "command" && launch.args[0]).toBe("--max-old-space-size=64");
  });

  it.each([
    ["none.js", /no such file or folder/],
    ["empty", /name the module in "main"/],
    ["empty/readme.txt", /is not JavaScript/],
    ["damaged", /package\.json cannot be read/],
  ])("refuses %s, saying what to do", async (name, message) => {
    await expect(launchOf(name)).rejects.toMatchObject({
      code: "COC_LANGUAGE_CODE",
      message: expect.stringMatching(message),
    });
    await expect(launchOf(name)).rejects.toThrow(fixture(name));
  });
});
