import { homedir } from "node:os";
import { join } from "node:path";
import { defineLanguage, z } from "@cocaine/core/plugin";
import { createCache } from "./cache.ts";
import { createCxxLanguage } from "./language.ts";

/** How programs are built. */
export interface CxxLanguageOptions {
  /**
   * Folder of the programs that were built, absolute. It is made with mode 0711, and nobody else may write to it.
   * Workers of another user (`engine.user`) must be able to come there.
   *
   * @defaultValue `.cache/cocaine/cxx` in the home folder of the user of this process
   */
  readonly cache?: string;
  /**
   * The C++ compiler: an absolute path, or a name that is looked up in `path`.
   *
   * @defaultValue `"c++"`
   */
  readonly compiler?: string;
  /**
   * PATH in which the compiler, CMake and make are looked up, and what they are run with.
   *
   * @defaultValue that of a clean environment, `/usr/local/sbin:…:/bin`
   */
  readonly path?: string;
  /**
   * Seconds that a build may take; then it is ended with all that it started.
   *
   * @defaultValue 600
   */
  readonly buildTimeout?: number;
}

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Makes the language `cxx`: an app is a program on the kit `cocaine/worker.hpp`, or the C++ source of one, which is
 * built when it is deployed.
 *
 * `launch()` rejects with `COC_LANGUAGE_CODE` where the code is missing or neither, with `COC_LANGUAGE_COMPILER` where
 * there is no compiler or CMake, with `COC_LANGUAGE_BUILD` where the code cannot be built, and with
 * `COC_LANGUAGE_CACHE` where the folder of the programs cannot be used.
 */
export function cxxLanguage(options: CxxLanguageOptions = {}) {
  const { compiler = "c++", path = DEFAULT_PATH, buildTimeout = 600 } = options;
  const cache = createCache(options.cache ?? join(homedir(), ".cache", "cocaine", "cxx"));
  return defineLanguage({
    name: "cxx",
    options: z.strictObject({}),
    create: (_options, context) => createCxxLanguage({ cache, compiler, path, buildTimeout }, context),
  });
}
