import { Code } from "@cocaine/core/plugin";
import { describe, expect, test } from "vitest";
import { fixture, startEngine } from "./support/engine.ts";

async function started() {
  const engine = await startEngine(fixture("app.pl"));
  await engine.hello();
  return engine;
}

describe("jobs that were sent ahead", () => {
  test("run in their order", async () => {
    await using engine = await started();
    for (let job = 1; job <= 500; job++) engine.invoke(job, "echo", String(job));
    for (let job = 1; job <= 500; job++) expect((await engine.answer(job)).text).toBe(String(job));
    expect(await engine.mark()).toBe(500);
  });

  test("have not begun beyond the mark, which outlives a kill -9", async () => {
    await using engine = await started();
    engine.invoke(7, "echo", "done");
    engine.invoke(8, "spins");
    engine.invoke(9, "echo", "never begun");
    expect((await engine.answer(7)).text).toBe("done");
    await expect.poll(() => engine.mark()).toBe(8);
    engine.process.kill("SIGKILL");
    await engine.exited;
    expect(await engine.mark()).toBe(8);
  });

  test("have their answers while a later one runs", async () => {
    await using engine = await started();
    engine.invoke(1, "echo", "first");
    engine.invoke(2, "chunks", "second");
    engine.invoke(3, "sleeps", "3600");
    expect((await engine.answer(1)).text).toBe("first");
    expect((await engine.answer(2)).text).toBe("chunk 0chunk 1chunk 2");
    engine.process.kill("SIGKILL");
  });

  test("are dropped when they are cancelled before they begin", async () => {
    await using engine = await started();
    engine.invoke(1, "naps", "0.2");
    engine.invoke(2, "echo", "unwanted");
    engine.invoke(3, "size", "unwanted", { end: false });
    engine.invoke(4, "echo", "wanted");
    engine.send({ code: Code.CANCEL, job: 2, reason: "the deadline passed" });
    engine.send({ code: Code.CANCEL, job: 3, reason: "" });
    expect((await engine.answer(2)).error).toMatchObject({ error: "cancelled", message: "the deadline passed" });
    expect((await engine.answer(3)).error).toMatchObject({ error: "cancelled" });
    expect((await engine.answer(1)).text).toBe("slept");
    expect((await engine.answer(4)).text).toBe("wanted");
  });

  test("are answered before the worker ends at TERMINATE, with 0", async () => {
    await using engine = await started();
    engine.invoke(1, "naps", "0.1");
    engine.invoke(2, "echo", "last");
    engine.send({ code: Code.TERMINATE, reason: "test" });
    expect((await engine.answer(1)).text).toBe("slept");
    expect((await engine.answer(2)).text).toBe("last");
    expect(await engine.exited).toEqual({ code: 0, signal: null });
  });
});

describe("a job that is cancelled while it runs", () => {
  test("is stopped where it reads", async () => {
    await using engine = await started();
    engine.invoke(1, "counts", "some", { end: false });
    await expect.poll(() => engine.mark()).toBe(1);
    engine.send({ code: Code.CANCEL, job: 1, reason: "gone" });
    expect((await engine.answer(1)).error).toMatchObject({ error: "cancelled", message: "gone" });
    expect((await engine.call("echo", "next")).text).toBe("next");
  });

  test("is stopped where it writes, even while it has credit", async () => {
    await using engine = await started();
    engine.invoke(1, "trickles");
    await engine.inbox.find((message): message is typeof message => message.code === Code.CHUNK);
    engine.send({ code: Code.CANCEL, job: 1, reason: "gone" });
    expect((await engine.answer(1)).error).toMatchObject({ error: "cancelled" });
    await expect.poll(() => engine.output()).toContain("stopped writing");
  });

  test("can look for itself", async () => {
    await using engine = await started();
    engine.invoke(1, "looks");
    await expect.poll(() => engine.mark()).toBe(1);
    engine.send({ code: Code.CANCEL, job: 1, reason: "gone" });
    expect((await engine.answer(1)).error).toMatchObject({ error: "cancelled" });
    await expect.poll(() => engine.output()).toContain("I saw it");
  });
});

test("chunks of a slow iterator leave before the next is made", async () => {
  await using engine = await started();
  // It makes the second of what it is sent once the first came.
  engine.invoke(1, "answers_slowly", undefined, { end: false });
  const first = await engine.inbox.find((message): message is typeof message => message.code === Code.CHUNK);
  expect(first).toMatchObject({ job: 1 });
  engine.write(1, Buffer.from("go on"), true);
  expect((await engine.answer(1)).text).toBe("go on");
});

test("unknown codes are ignored", async () => {
  await using engine = await started();
  engine.sendFrames([Buffer.from([99, 0, 0, 0, 0, 0, 0, 1]), Buffer.from("what?")]);
  engine.send({ code: Code.CREDIT, job: 77, bytes: 5 });
  engine.send({ code: Code.CANCEL, job: 77, reason: "" });
  expect((await engine.call("echo", "still here")).text).toBe("still here");
});
