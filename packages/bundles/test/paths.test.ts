import { expect, it } from "vitest";
import { limitsOf } from "../src/limits.ts";
import { createPaths } from "../src/paths.ts";

it("many deep paths take no longer than as many flat ones", () => {
  const timed = (folder: string) => {
    const paths = createPaths(limitsOf());
    const start = process.cpuUsage();
    for (let file = 0; file < 5000; file++) expect(paths.add(`${folder}f${file}`, false)).toBeUndefined();
    return process.cpuUsage(start).user;
  };
  timed("a/");
  // 500 folders deep: a hundredfold, if each of them were looked at for each file.
  expect(timed("a/".repeat(500))).toBeLessThan(20 * timed("a/") + 500_000);
});
