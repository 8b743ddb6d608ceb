import { expect, it } from "vitest";
import { startWorker } from "./support/worker.ts";

// Which of the two this Node can show is its own affair: from 22.18 on it runs TypeScript.
it("TypeScript runs where Node can run it, and is refused with a way out where it cannot", async () => {
  const worker = await startWorker("typed.ts");
  if ("typescript" in process.features && process.features.typescript) {
    await worker.hello();
    expect(String((await worker.call("event", "four")).chunks[0])).toBe("typed 4");
  } else {
    expect((await worker.link.exited).code).toBe(1);
    expect(worker.link.output().join("\n")).toMatch(/typed\.ts is TypeScript, .* take Node 22\.18 or later/);
  }
});
