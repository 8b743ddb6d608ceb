import { existsSync, readdirSync } from "node:fs";

/** Each package and application with a `test` folder is one project, named as its folder is. */
const projects = ["packages", "apps"].flatMap((area) =>
  readdirSync(new URL(area, import.meta.url))
    .filter((name) => existsSync(new URL(`${area}/${name}/test`, import.meta.url)))
    .map((name) => ({
      extends: true as const,
      test: { name, root: `./${area}/${name}`, include: ["test/**/*.test.ts"] },
    })),
);

export default projects;
