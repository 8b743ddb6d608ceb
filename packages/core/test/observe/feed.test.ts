import { afterEach, describe, expect, it } from "vitest";
import { Code } from "../../src/plugin.ts";
import { manifestOf, obliging, type Scripted, scripted } from "../support/scripted.ts";

let app: Scripted;
afterEach(() => app.close());

async function published(answer: string | { error: string }): Promise<string[][]> {
  app = await scripted(undefined, (worker, message) => {
    if (message.code !== Code.INVOKE) return obliging(worker, message);
    if (typeof answer === "string") worker.answer(message.job, answer);
    else worker.say({ code: Code.ERROR, job: message.job, error: "Oops", message: answer.error, details: undefined });
  });
  await app.host.deploy("app", manifestOf());
  const heard: string[][] = [];
  app.host.subscribe("app", (envelope, body) => {
    if (!envelope.startsWith("@")) heard.push([envelope, body]);
  });
  await app.contexts.get("event")?.publish({});
  return heard;
}

const at = (field: string) => expect.stringMatching(new RegExp(`^event ${field} node \\d+\\.\\d{3}$`));

describe("the feed", () => {
  it("has a message for each field of an object, strings bare and others as JSON", async () => {
    expect(await published('{"users": 5, "state": "fine", "tags": ["a"]}')).toEqual([
      [at("users"), "5"],
      [at("state"), "fine"],
      [at("tags"), '["a"]'],
    ]);
  });

  it.each([
    ["[1,2]", "[1,2]"],
    ["7", "7"],
    ["plain text", "plain text"],
  ])("has %s as the field result", async (answer, body) => {
    expect(await published(answer)).toEqual([[at("result"), body]]);
  });

  it("has a failure as the field error", async () => {
    expect(await published({ error: "broken" })).toEqual([[at("error"), 'task "event" failed with Oops: broken']]);
  });

  it("refuses an answer that is too long", async () => {
    expect(await published("x".repeat(1_048_577))).toEqual([
      [at("error"), expect.stringContaining("more than 1048576 bytes")],
    ]);
  });

  it("tells the outcome of each job and each change of the pool", async () => {
    app = await scripted();
    await app.host.deploy("app", manifestOf());
    const heard = new Map<string, unknown>();
    app.host.subscribe("app", (envelope, body) => heard.set(envelope, JSON.parse(body)));
    for await (const _ of app.host.call("app", "event", Buffer.from("")));
    expect(heard.get("@job event")).toEqual({
      id: expect.any(String),
      outcome: "ok",
      attempt: 1,
      waited: expect.any(Number),
      run: expect.any(Number),
    });
    await app.host.restart("app");
    expect(heard.get("@pool")).toMatchObject({ queue: 0 });
    expect([...heard.keys()].some((envelope) => envelope.startsWith("@worker "))).toBe(true);
  });
});
