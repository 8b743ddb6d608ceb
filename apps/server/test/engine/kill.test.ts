import { readFile } from "node:fs/promises";
import { describe, expect, it, vi } from "vitest";
import { connectClient } from "../support/dealer.ts";
import { languages, startLoaded } from "../support/host.ts";
import { processesWith } from "../support/processes.ts";
import { soon } from "../support/soon.ts";

describe.each(languages)("kill -9 of a $type worker under load", ({ type, file }) => {
  it("costs the jobs that it had begun; the others are run, none twice, and the pool refills", async () => {
    const loaded = await startLoaded({ type, file, engine: { "pool-min": 1, "pool-limit": 1, "queue-limit": 1000 } });
    const { host, folder, journal } = loaded;
    const client = connectClient(loaded.endpoint("event"));
    await client.send(2000, 256);
    const [worker] = host.app("load").pool.workers;
    let killedAt = 0;
    const answers = await client.send(20_000, 256, (answered) => {
      if (answered !== 5000) return;
      process.kill(worker?.pid as number, "SIGKILL");
      killedAt = performance.now();
    });

    const failed = answers.filter(({ error }) => error !== undefined);
    // As many as a JavaScript worker runs at once; of those sent ahead to a Python worker, only what it had begun: the
    // running one, and those whose answers had not left it.
    expect(failed.length).toBeLessThanOrEqual(256);
    for (const { at, error } of failed) {
      expect(error?.code).toBe("COC_WORKER_CRASHED");
      expect(at - killedAt).toBeLessThan(1000);
    }

    const texts = answers.flatMap(({ text }) => text ?? []);
    expect(new Set(texts).size).toBe(texts.length);
    const begun = (await readFile(journal, "utf8")).trim().split("\n");
    const once = new Set(begun);
    expect(once.size).toBe(begun.length);
    expect(texts.filter((text) => !once.has(text))).toEqual([]);

    const [next] = host.app("load").pool.workers;
    expect(next?.pid).not.toBe(worker?.pid);
    expect(await processesWith(folder)).toEqual([next?.pid]);
    await host.close();
    await vi.waitFor(async () => expect(await processesWith(folder)).toEqual([]), soon);
  });

  it("costs nothing where the task says retries", async () => {
    const engine = { "pool-min": 1, "pool-limit": 1, "queue-limit": 1000 };
    const { endpoint, host } = await startLoaded({ type, file, engine, task: { retries: { attempts: 3 } } });
    const client = connectClient(endpoint("event"));
    const answers = await client.send(6000, 256, (answered) => {
      if (answered % 2000 !== 1000) return;
      for (const { pid } of host.app("load").pool.workers) process.kill(pid as number, "SIGKILL");
    });
    expect(answers.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(6000);
  });
});
