import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Root of the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** A built program of apps/server. */
export const program = (name) => `${root}apps/server/dist/${name}.js`;

/** Builds all packages. What the build says is shown only when it fails; then this program ends. */
export function build() {
  console.error("Building …");
  const { status, stdout, stderr, error } = spawnSync("pnpm", ["build"], { cwd: root, encoding: "utf8" });
  if (status === 0) return;
  console.error(`${stdout}\n${stderr}\nThe build failed.`, error ?? "");
  process.exit(1);
}
