import { rm } from "node:fs/promises";
import { createBundleCache, packBundle } from "@cocaine/bundles";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { folderOf, pathsIn, temporaryFolder } from "./support/folders.ts";
import { bundleOf, storageWith } from "./support/storage.ts";

/** An archive with a file, a folder, a link and a path that needs an extended header. */
async function archive(): Promise<Buffer> {
  const long = `${"folder-of-a-long-name/".repeat(8)}app.py`;
  const { read } = await packBundle(await folderOf({ "app.py": "pass\n", [long]: "pass\n", latest: ["app.py"] }));
  const chunks: Uint8Array[] = [];
  for await (const chunk of read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("an archive with any bytes changed", () => {
  it("is unpacked inside its folder, or is refused and leaves nothing", async () => {
    const good = await archive();
    const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
    const work = await temporaryFolder();
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 4 }), fc.nat(good.length), async (changes, cut) => {
        const bytes = Buffer.from(cut % 4 === 0 ? good.subarray(0, cut) : good);
        for (const [at, byte] of changes) if (at < bytes.length) fixChecksum(bytes, at, byte);
        if (bytes.length === 0) return;
        const bundle = bundleOf(bytes);
        await rm(`${work}/cache`, { recursive: true, force: true });
        const cache = createBundleCache({ storage: await storageWith(bundle), folder: `${work}/cache` });
        try {
          await cache.open(bundle.sha256);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^COC_BUNDLE_(ARCHIVE|SIZE)$/) });
          refused++;
        }
        expect(await pathsIn(work)).not.toContainEqual(expect.stringMatching(/partial-/));
        expect((await pathsIn(work)).every((path) => path.startsWith("cache"))).toBe(true);
      }),
      { numRuns: 150 },
    );
    expect(refused).toBeGreaterThan(0);
  });
});

/** Changes a byte, and mends the checksum of the header that it may be in, so that the change is looked at. */
function fixChecksum(bytes: Buffer, at: number, byte: number): void {
  bytes[at] = byte;
  const start = at - (at % 512);
  const header = bytes.subarray(start, start + 512);
  if (header.length < 512 || header.subarray(257, 262).toString() !== "ustar") return;
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, one) => total + one, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
}
