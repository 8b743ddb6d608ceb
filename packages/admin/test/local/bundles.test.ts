import { createHash } from "node:crypto";
import { join } from "node:path";
import { createBundleStore } from "@cocaine/bundles";
import { memoryStorage } from "@cocaine/core";
import { silentLogger } from "@cocaine/core/plugin";
import { describe, expect, it, onTestFinished } from "vitest";
import { createLocalClient, createLocalServer, createLogBook, type LocalServerOptions } from "../../src/index.ts";
import { startHost, temporaryFolder } from "../support/host.ts";

async function connect(options: Pick<LocalServerOptions, "bundles">) {
  const { host, keys } = await startHost();
  const path = join(await temporaryFolder(), "run", "control.sock");
  const server = createLocalServer({ host, keys, logs: createLogBook(), path, log: silentLogger(), ...options });
  await server.start();
  onTestFinished(() => server.close());
  const client = createLocalClient({ path });
  await client.start();
  onTestFinished(() => client.close());
  return client;
}

const archive = Buffer.from("an archive");
const sha256 = createHash("sha256").update(archive).digest("hex");

describe("the upload of a bundle", () => {
  it("goes to the node's store in pieces", async () => {
    const bundles = createBundleStore({ storage: memoryStorage() });
    const client = await connect({ bundles });
    expect(await client.call("bundle", { sha256, size: archive.length })).toEqual({ there: false });
    await client.call("putBundlePiece", { sha256, index: 0 }, archive);
    await client.call("sealBundle", { sha256 });
    expect(await client.call("bundle", { sha256, size: archive.length })).toEqual({ there: true });
    expect(await bundles.keep(sha256)).toBe(archive.length);
  });

  it("is refused piece by piece where it is none", async () => {
    const client = await connect({ bundles: createBundleStore({ storage: memoryStorage() }) });
    const input = { code: "COC_ADMIN_INPUT" };
    await expect(client.call("bundle", { sha256: "../..", size: 10 })).rejects.toMatchObject(input);
    await expect(client.call("bundle", { sha256, size: 0 })).rejects.toMatchObject(input);
    await client.call("bundle", { sha256, size: archive.length });
    const upload = { code: "COC_BUNDLE_UPLOAD" };
    await expect(client.call("putBundlePiece", { sha256, index: 0 })).rejects.toMatchObject(upload);
    await expect(client.call("putBundlePiece", { sha256, index: 1 }, archive)).rejects.toMatchObject(upload);
    await expect(client.call("sealBundle", { sha256 })).rejects.toMatchObject({ code: "COC_BUNDLE_DAMAGED" });
  });

  it("is refused by a node without bundles", async () => {
    const client = await connect({});
    await expect(client.call("bundle", { sha256, size: 10 })).rejects.toMatchObject({ code: "COC_BUNDLE_HOST" });
  });
});
