import type { BundleTarget } from "@cocaine/bundles";
import { createError, z } from "@cocaine/core/plugin";
import { answerAction, type Node } from "../action.ts";

// The upload of a code bundle, in pieces that are small enough for every transport.

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256 in hexadecimal");

/** Asks for a bundle. Where the node does not have it whole, its upload begins. */
export const bundle = answerAction({
  name: "bundle",
  role: "deployer",
  input: z.strictObject({
    /** Of its archive. */
    sha256,
    /** Bytes of its archive. */
    size: z.int().positive(),
  }),
  run: async (node, input) => ({ there: await bundlesOf(node).begin(input.sha256, input.size) }),
});

/** Sends a piece of it, which is the body. */
export const putBundlePiece = answerAction({
  name: "putBundlePiece",
  role: "deployer",
  input: z.strictObject({
    sha256,
    /** Its number, from 0 on: each but the last has 768 KiB. */
    index: z.int().nonnegative(),
  }),
  async run(node, input, { body = new Uint8Array() }) {
    await bundlesOf(node).put(input.sha256, input.index, body);
    return input;
  },
});

/** Ends the upload, once all pieces are sent. */
export const sealBundle = answerAction({
  name: "sealBundle",
  role: "deployer",
  input: z.strictObject({ sha256 }),
  async run(node, input) {
    await bundlesOf(node).seal(input.sha256);
    return input;
  },
});

function bundlesOf({ bundles }: Node): BundleTarget {
  if (bundles !== undefined) return bundles;
  throw createError("COC_BUNDLE_HOST", "this node takes no bundles: give its control endpoint a store of them");
}
