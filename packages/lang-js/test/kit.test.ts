import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRouter, type Peer } from "@cocaine/zmtp";
import { expect, it } from "vitest";
import { fixture } from "./support/worker.ts";

const KIT = fileURLToPath(new URL("../dist/worker.js", import.meta.url));

it("a worker whose engine is gone ends", async () => {
  const folder = await mkdtemp(join(tmpdir(), "coc-"));
  try {
    let greet: (peer: Peer) => void = () => undefined;
    const greeted = new Promise<Peer>((resolve) => {
      greet = resolve;
    });
    const router = createRouter({ onMessage: (peer) => greet(peer) });
    const endpoint = await router.bind(`ipc://${folder}/bus`);
    const env = {
      COCAINE_ENDPOINT: endpoint,
      COCAINE_IDENTITY: "w",
      COCAINE_HEARTBEAT: "30",
      COCAINE_CONCURRENCY: "2",
    };
    const worker = spawn(process.execPath, [KIT, "js", fixture("app.mjs")], { env, stdio: "ignore" });
    const exited = once(worker, "exit");
    expect(Buffer.from((await greeted).routingId).toString()).toBe("w");
    await router.close();
    expect(await exited).toEqual([1, null]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

it("the program says that it is none to be started by hand", async () => {
  const program = spawn(process.execPath, [KIT], { env: {}, stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  program.stderr.on("data", (chunk) => {
    text += chunk;
  });
  expect(await once(program, "close")).toEqual([1, null]);
  expect(text).toContain("started by Cocaine");
});
