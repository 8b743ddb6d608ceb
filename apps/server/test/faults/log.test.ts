import { spawn } from "node:child_process";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createLocalClient } from "@cocaine/admin";
import { expect, it, onTestFinished, vi } from "vitest";
import { appManifest } from "../support/manifest.ts";
import { cocained } from "../support/programs.ts";
import { soon } from "../support/soon.ts";
import { temporaryFolder } from "../support/temporary.ts";

/** A server whose log goes through a pipe of the shell into a command. */
async function startPiped(reader: string) {
  const folder = await temporaryFolder();
  const args = [process.execPath, cocained, "--runtime-dir", folder, "--storage", "memory:", "--log-format", "json"];
  const script = `"$@" > >(${reader}) & echo $!; wait $!; echo ended $?`;
  const shell = spawn("bash", ["-c", script, "bash", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  let output = "";
  shell.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  onTestFinished(() => void process.kill(-(shell.pid as number), "SIGKILL"));
  const client = createLocalClient({ path: join(folder, "control.sock") });
  onTestFinished(() => client.close());
  await vi.waitFor(() => stat(join(folder, "control.sock")), soon);
  await client.start();
  await client.call("deploy", { name: "app", manifest: appManifest() });
  return {
    folder,
    output: () => output,
    /** Has the app write a line to the log. */
    async say(text: string): Promise<void> {
      for await (const _ of client.stream("call", { app: "app", task: "say" }, Buffer.from(text)));
    },
  };
}

it("a log that nobody reads costs its lines, and the server goes on", { timeout: 60_000 }, async () => {
  const server = await startPiped("head -n 1 > /dev/null");
  for (let count = 0; count < 10; count++) await server.say("into the void");
  expect(server.output()).not.toContain("ended");
});

it("a log whose reader stands still costs its lines, and the server goes on", { timeout: 60_000 }, async () => {
  const folder = await temporaryFolder();
  const file = join(folder, "log");
  const go = join(folder, "go");
  const server = await startPiped(`until [ -e ${go} ]; do sleep 0.1; done; cat > ${file}`);
  // More than a pipe holds.
  for (let count = 0; count < 60; count++) await server.say("x".repeat(4000));
  expect(server.output()).not.toContain("ended");
  await writeFile(go, "");
  await vi.waitFor(async () => {
    await server.say("again");
    expect(await readFile(file, "utf8")).toMatch(/"msg":"\d+ lines of the log were lost/);
  }, soon);
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
  for (const line of lines) JSON.parse(line);
});
