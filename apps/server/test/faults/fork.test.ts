import { chown } from "node:fs/promises";
import { expect, it, vi } from "vitest";
import { setLimit } from "../support/limit.ts";
import { appManifest, writeManifest } from "../support/manifest.ts";
import { startNode } from "../support/node.ts";
import { soon } from "../support/soon.ts";
import { temporaryFolder } from "../support/temporary.ts";

// The limit is not enforced for root. A user that nobody else is, so that only the server's processes are counted; it
// may read the repository wherever that is.
const USER = 54_321;
const asUser = [
  "setpriv",
  `--reuid=${USER}`,
  `--regid=${USER}`,
  "--clear-groups",
  "--inh-caps=-all,+dac_override",
  "--ambient-caps=-all,+dac_override",
  "--",
];

it("a server that may start no process says so, serves what it can, and recovers", { timeout: 60_000 }, async () => {
  const runtimeDir = await temporaryFolder();
  await chown(runtimeDir, USER, USER);
  const node = await startNode({ runtimeDir, prefix: asUser });
  const folder = await temporaryFolder();
  const manifest = appManifest({ engine: { "start-attempts": 2 } });
  for (const name of ["first", "second"]) {
    expect(await node.cocaine(["deploy", await writeManifest(folder, `${name}.json`, manifest)])).toMatchObject({
      code: 0,
    });
  }

  await setLimit(node.pid, "nproc", 1, asUser);
  const [lost] = (await node.app("first")).pool.workers;
  process.kill(lost?.pid as number, "SIGKILL");
  await vi.waitFor(async () => {
    await expect(node.call("first", "echo", "nobody")).rejects.toMatchObject({
      code: "COC_APP_FAILED",
      message: expect.stringContaining("the system's limit of processes is reached: raise it, or lower pool-limit"),
    });
  }, soon);
  expect(node.log.some(({ msg }) => msg.includes("limit of processes"))).toBe(true);
  expect(await node.call("second", "echo", "here")).toBe("here");
  expect((await node.app("first")).state).toBe("failed");

  await setLimit(node.pid, "nproc", 1000, asUser);
  await vi.waitFor(async () => expect(await node.call("first", "echo", "back")).toBe("back"), soon);
  expect((await node.app("first")).state).toBe("running");
});
