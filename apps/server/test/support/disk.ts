import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { run } from "./programs.ts";
import { temporaryFolder } from "./temporary.ts";

/** A disk of a megabyte. */
export interface SmallDisk {
  readonly path: string;
  /** Leaves no byte free. */
  fill(): Promise<void>;
  /** Frees what `fill()` took. */
  empty(): Promise<void>;
}

/** Mounts a small disk until the end of the test. */
export async function smallDisk(): Promise<SmallDisk> {
  const path = join(await temporaryFolder(), "d");
  await mkdir(path);
  const { code, stderr } = await run("mount", ["-t", "tmpfs", "-o", "size=1m,mode=0711", "tmpfs", path]);
  if (code !== 0) throw new Error(stderr);
  onTestFinished(async () => {
    await run("umount", ["--lazy", path]);
  });
  const ballast = join(path, "ballast");
  return {
    path,
    async fill() {
      const { stderr } = await run("dd", ["if=/dev/zero", `of=${ballast}`, "bs=4096"]);
      if (!stderr.includes("No space left")) throw new Error(stderr);
    },
    empty: () => rm(ballast),
  };
}
