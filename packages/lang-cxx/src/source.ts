import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import type { Built } from "./build.ts";
import { INCLUDE } from "./kit.ts";
import { type Form, SHARED_COMPILE, SHARED_LINK } from "./shared.ts";
import type { Toolbox } from "./toolbox.ts";

const PROGRAM = "app";
const LIBRARY = "app.so";
const FLAGS = ["-std=c++17", "-O2", "-pthread", `-I${INCLUDE}`];

/** A source file, which the compiler alone builds. */
export async function openSource(path: string, tools: Toolbox, form: Form): Promise<Built> {
  const flags = form === "library" ? [...FLAGS, ...SHARED_COMPILE] : FLAGS;
  const name = form === "library" ? LIBRARY : PROGRAM;
  const link = form === "library" ? SHARED_LINK : [];
  const compiler = await tools.compiler();
  const cwd = dirname(path);
  const version = await tools.run(compiler, ["--version"], { cwd });
  return {
    path,
    failure: tools.failure,
    /** Of what the preprocessor makes of it: so all that it includes counts, and where it lies does not. */
    async fingerprint() {
      const hash = createHash("sha256").update(JSON.stringify([compiler, version, flags, link]));
      await tools.run(compiler, [...flags, "-E", "-P", path], { cwd, stdout: hash });
      return hash.digest("hex").slice(0, 32);
    },
    async build(folder) {
      await tools.run(compiler, [...flags, ...link, "-o", join(folder, name), path], { cwd });
      return name;
    },
  };
}
