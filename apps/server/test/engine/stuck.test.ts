import { createHost } from "@cocaine/core";
import { describe, expect, it, vi } from "vitest";
import { defaultRegistry } from "../../src/distribution.ts";
import { connectClient } from "../support/dealer.ts";
import { languages, loadApp, startLoaded } from "../support/host.ts";
import { processesWith } from "../support/processes.ts";
import { soon } from "../support/soon.ts";
import { temporaryFolder } from "../support/temporary.ts";

describe.each(languages)("a $type worker", ({ type, file, broken }) => {
  it("that hangs is killed after its job's deadline and replaced, and the caller has its answer in time", async () => {
    const engine = { "pool-limit": 1, "cancel-grace": 0.2 };
    const { endpoint, folder, host } = await startLoaded({ type, file, engine, task: { timeout: 0.3 } });
    const [hung] = host.app("load").pool.workers;
    const asked = performance.now();
    const [answer] = await connectClient(endpoint("hang")).send(1, 1);
    expect(answer?.error?.code).toBe("COC_DEADLINE");
    expect((answer?.at ?? 0) - asked).toBeLessThan(1000);
    const client = connectClient(endpoint("event"));
    await vi.waitFor(async () => {
      const [next] = await client.send(1, 1);
      expect(next?.error).toBeUndefined();
    }, soon);
    await vi.waitFor(async () => expect(await processesWith(folder)).not.toContain(hung?.pid), soon);
  });

  it("that cannot start gives the deploy what the interpreter said", async () => {
    const folder = await temporaryFolder();
    const host = createHost({ registry: defaultRegistry(), runtimeDir: folder });
    await host.start();
    const tasks = { event: { type: "auto", interval: 1000 } };
    const deployed = host.deploy("broken", { type, args: loadApp(broken), tasks });
    await expect(deployed).rejects.toMatchObject({ code: "COC_DEPLOY", message: expect.stringMatching(/SyntaxError/) });
    await expect(deployed).rejects.toThrow(broken);
    expect(host.info().apps).toEqual([]);
    expect(await processesWith(folder)).toEqual([]);
    await host.close();
  });
});
