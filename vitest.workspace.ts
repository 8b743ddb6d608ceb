import { existsSync, readdirSync } from "node:fs";

/** What compiles, starts interpreters or works in memory, and waits for no clock: two files of it run side by side. */
const BESIDE = new Set([
  "backends-thread",
  "bundles",
  "core",
  "lang-cxx",
  "lang-js",
  "lang-perl",
  "lang-python",
  "storage-files",
  "storage-mongo",
  "testing",
  "zmtp",
]);

/** Each package and application with a `test` folder is one project, named as its folder is. */
const projects = ["packages", "apps"].flatMap((area) =>
  readdirSync(new URL(area, import.meta.url))
    .filter((name) => existsSync(new URL(`${area}/${name}/test`, import.meta.url)))
    .map((name) => ({
      extends: true as const,
      test: {
        name,
        root: `./${area}/${name}`,
        include: ["test/**/*.test.ts"],
        // The others have each core to themselves: they hold times and memory against bounds.
        ...(BESIDE.has(name)
          ? { maxWorkers: 2, sequence: { groupOrder: 0 } }
          : { maxWorkers: 1, sequence: { groupOrder: 1 } }),
      },
    })),
);

export default projects;
