import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { writeKeyFile } from "../../src/index.ts";
import { manifest, temporaryFolder } from "../support/host.ts";
import { startRemote } from "../support/remote.ts";

const python = fileURLToPath(new URL("../../../../.cache/venv/bin/python", import.meta.url));
const client = fileURLToPath(new URL("../fixtures/client.py", import.meta.url));

it("a client in Python, on libzmq and another JOSE, is understood and understands", async () => {
  const node = await startRemote();
  await node.host.deploy("app", manifest);
  const key = await node.user("ann", "deployer");
  const file = join(await temporaryFolder(), "key.json");
  await writeKeyFile(file, key);
  const { stdout } = await promisify(execFile)(python, [client, node.endpoint, file, node.pin], { timeout: 20_000 });
  const [whoami, call, info] = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(whoami).toEqual([["result", { user: "ann", role: "deployer", fingerprint: expect.any(String) }]]);
  expect(call).toEqual([
    ["bytes", Buffer.from("bytes \0\xff", "latin1").toString("base64url")],
    ["end", null],
  ]);
  expect(info).toEqual([["error", { code: "COC_APP_UNKNOWN", message: expect.any(String) }]]);
});
