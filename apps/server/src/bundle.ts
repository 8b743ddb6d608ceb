import { realpath } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import type { AdminClient } from "@cocaine/admin";
import { type Bundle, type BundleTarget, packBundle, uploadBundle } from "@cocaine/bundles";
import { createError, readCodePlace } from "@cocaine/core";

/**
 * Sends a folder of code to a node, unless it has it, and has a manifest name the code there.
 *
 * @param manifest - whose `args` is a file or folder in that folder.
 * @param folder - its path.
 * @returns the manifest with `args: storage://<sha256>/…`.
 * @throws `COC_BUNDLE_ARGS`, and what packing and uploading throw.
 */
export async function bundleCode(manifest: unknown, folder: string, client: AdminClient): Promise<unknown> {
  const bundle = await packBundle(folder);
  const path = await pathInBundle(manifest, folder, bundle);
  await uploadBundle(bundle, nodeTarget(client));
  return { ...(manifest as object), args: `storage://${bundle.sha256}${path === "" ? "" : `/${path}`}` };
}

/** Where the manifest's code is in the bundle. */
async function pathInBundle(manifest: unknown, folder: string, { paths }: Bundle): Promise<string> {
  const args = (manifest as { readonly args?: unknown } | null | undefined)?.args;
  const place = typeof args === "string" ? readCodePlace(args) : undefined;
  if (place === undefined || place.bundle !== undefined) throw badArgs(args, "is no path of a file or folder", folder);
  const parent = await realpath(dirname(place.path)).catch(() => dirname(place.path));
  const path = relative(await realpath(folder), join(parent, basename(place.path)));
  if (path === ".." || path.startsWith("../")) throw badArgs(args, `is not in the folder ${folder}`, folder);
  if (path !== "" && !paths.has(path)) throw badArgs(args, "is not there, or is left out by .cocaineignore", folder);
  return path;
}

function badArgs(args: unknown, fault: string, folder: string): Error {
  const remedy = `name the code by its path in ${folder}, relative to the manifest's own folder`;
  return createError("COC_BUNDLE_ARGS", `the manifest's args, ${JSON.stringify(args)}, ${fault}: ${remedy}`);
}

function nodeTarget(client: AdminClient): BundleTarget {
  return {
    begin: async (sha256, size) => (await client.call("bundle", { sha256, size })).there,
    async put(sha256, index, piece) {
      await client.call("putBundlePiece", { sha256, index }, piece);
    },
    async seal(sha256) {
      await client.call("sealBundle", { sha256 });
    },
  };
}
