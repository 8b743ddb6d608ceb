import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { basename } from "node:path";
import type { Built } from "./build.ts";
import { addFolder } from "./folder.ts";
import { KIT } from "./kit.ts";
import { type Form, SHARED_COMPILE, SHARED_LINK } from "./shared.ts";
import { findPrograms, queryTargets } from "./targets.ts";
import type { Toolbox } from "./toolbox.ts";

/** Makes a library of what the folder calls an executable, so that the folder is the same for both. */
const LIBRARY = [
  "-DCMAKE_POSITION_INDEPENDENT_CODE=OFF",
  `-DCMAKE_CXX_FLAGS=${SHARED_COMPILE.join(" ")}`,
  `-DCMAKE_EXE_LINKER_FLAGS=${SHARED_LINK.join(" ")}`,
];

/** A folder with a `CMakeLists.txt`. */
export async function openProject(path: string, tools: Toolbox, form: Form): Promise<Built> {
  const compiler = await tools.compiler();
  const cmake = await tools.find(["cmake"], "cmake");
  const maker = await tools.find(["make", "ninja"], "make");
  const cwd = path;
  const version = (program: string) => tools.run(program, ["--version"], { cwd });
  const versions = [await version(compiler), await version(cmake)];
  const settings = [
    ...["-G", basename(maker) === "ninja" ? "Ninja" : "Unix Makefiles"],
    `-DCMAKE_MAKE_PROGRAM=${maker}`,
    `-DCMAKE_CXX_COMPILER=${compiler}`,
    "-DCMAKE_BUILD_TYPE=Release",
    `-DCMAKE_PREFIX_PATH=${KIT}`,
    // The folder is moved when all is built.
    "-DCMAKE_BUILD_RPATH_USE_ORIGIN=ON",
    ...(form === "library" ? LIBRARY : []),
  ];

  return {
    path,
    failure: tools.failure,
    /** Its path counts, too: CMake may have put it into the program. */
    async fingerprint() {
      const hash = createHash("sha256").update(JSON.stringify([path, versions, settings]));
      await addFolder(hash, path);
      await addFolder(hash, KIT);
      return hash.digest("hex").slice(0, 32);
    },
    async build(folder) {
      await queryTargets(folder);
      await tools.run(cmake, ["-S", path, "-B", folder, ...settings], { cwd });
      await tools.run(cmake, ["--build", folder, "--parallel", String(availableParallelism())], { cwd });
      return choose(await findPrograms(folder));
    },
  };

  function choose(programs: ReadonlyMap<string, string>): string {
    const [first, ...others] = programs.values();
    const found = others.length === 0 ? first : (programs.get(basename(path)) ?? programs.get("app"));
    if (found !== undefined) return found;
    if (first === undefined) throw tools.failure("its CMakeLists.txt makes no executable: add_executable(app …) does");
    const names = [...programs.keys()].join(", ");
    throw tools.failure(`its CMakeLists.txt makes several executables (${names}): name one ${basename(path)} or app`);
  }
}
