import { expect, it, vi } from "vitest";
import { connectClient } from "../support/dealer.ts";
import { languages, startLoaded } from "../support/host.ts";
import { processesWith } from "../support/processes.ts";
import { soon } from "../support/soon.ts";

it.each(languages)("a $type worker that holds its job up is killed and replaced", async ({ type, file }) => {
  // Heartbeats alone would not find it: Python's come from a thread of their own, and JavaScript's limit is a minute.
  const { endpoint, folder, host } = await startLoaded({
    type,
    file,
    engine: { "pool-limit": 1, "cancel-grace": 0.2 },
    task: { "stall-timeout": 0.4 },
  });
  const [stuck] = host.app("load").pool.workers;
  const [answer] = await connectClient(endpoint("hang")).send(1, 1);
  expect(answer?.error?.code).toBe("COC_STALLED");
  const client = connectClient(endpoint("event"));
  await vi.waitFor(async () => {
    const [next] = await client.send(1, 1);
    expect(next?.error).toBeUndefined();
  }, soon);
  await vi.waitFor(async () => expect(await processesWith(folder)).not.toContain(stuck?.pid), soon);
});
