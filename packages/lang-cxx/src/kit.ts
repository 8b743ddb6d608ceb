import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The kit's folder, found alike from the sources and from the built package: a prefix for CMake. */
export const KIT = fileURLToPath(new URL("../cxx", import.meta.url));
export const INCLUDE = join(KIT, "include");
