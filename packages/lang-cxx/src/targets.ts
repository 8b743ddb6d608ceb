import { access, constants, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import { z } from "@cocaine/core/plugin";

// What CMake makes, asked for by its file API: cmake-file-api(7), "codemodel" version 2.

const API = [".cmake", "api", "v1"];

const indexSchema = z.object({ reply: z.object({ "codemodel-v2": z.object({ jsonFile: z.string() }) }) });
const modelSchema = z.object({
  configurations: z.array(z.object({ targets: z.array(z.object({ name: z.string(), jsonFile: z.string() })) })),
});
const targetSchema = z.object({ type: z.string(), artifacts: z.array(z.object({ path: z.string() })).optional() });

/** Has CMake tell of its targets when it configures this folder. */
export async function queryTargets(build: string): Promise<void> {
  const query = join(build, ...API, "query");
  await mkdir(query, { recursive: true });
  await writeFile(join(query, "codemodel-v2"), "");
}

/** The executables that were built, by the names of their targets, relative to the folder. */
export async function findPrograms(build: string): Promise<Map<string, string>> {
  const replies = join(build, ...API, "reply");
  const read = async <T>(name: string, schema: z.ZodType<T>): Promise<T> =>
    schema.parse(JSON.parse(await readFile(join(replies, name), "utf8")));
  // The last by name is the newest.
  const index = (await readdir(replies))
    .filter((name) => name.startsWith("index-"))
    .sort()
    .at(-1);
  const { reply } = await read(index ?? "index-", indexSchema);
  const { configurations } = await read(reply["codemodel-v2"].jsonFile, modelSchema);

  const programs = new Map<string, string>();
  for (const { name, jsonFile } of configurations[0]?.targets ?? []) {
    const { type, artifacts } = await read(jsonFile, targetSchema);
    const path = artifacts?.[0]?.path;
    if (type !== "EXECUTABLE" || path === undefined) continue;
    const program = isAbsolute(path) ? relative(build, path) : path;
    if (await isBuilt(join(build, program))) programs.set(name, program);
  }
  return programs;
}

/** Those that are excluded from the default target are not. */
async function isBuilt(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
