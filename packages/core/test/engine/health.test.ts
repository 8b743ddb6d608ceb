import { afterEach, describe, expect, it } from "vitest";
import { Code } from "../../src/plugin.ts";
import { manifestOf, obliging, type Scripted, type ScriptedWorker, scripted, textOf } from "../support/scripted.ts";

let app: Scripted;
afterEach(() => app.close());

const run = () => textOf(app.host.call("app", "event", Buffer.from("")));
const healthy = { health: "event" };

/** What becomes of the jobs of the newest worker. */
type Fate = "well" | "fails" | "dies" | "hangs";
let fate: Fate;

async function start() {
  fate = "well";
  const fates = new Map<ScriptedWorker, Fate>();
  app = await scripted(
    (worker) => {
      fates.set(worker, fate);
      worker.hello();
    },
    (worker, message) => {
      const its = message.code === Code.INVOKE ? fates.get(worker) : "well";
      if (its === "well") return obliging(worker, message);
      if (its === "dies") worker.exit({ signal: "SIGSEGV" });
      if (its === "fails" && "job" in message) {
        worker.say({ code: Code.ERROR, job: message.job, error: "Oops", message: "no database", details: undefined });
      }
    },
  );
  await app.host.deploy("app", manifestOf(healthy));
}

describe("the health task", () => {
  it("is run once with an empty request on a new version before that takes jobs, and is not counted", async () => {
    await start();
    const [first] = app.workers;
    expect(first?.messages).toMatchObject([{ code: Code.INVOKE, method: "event", chunk: undefined, end: true }]);
    expect(app.host.app("app").jobs).toMatchObject({ running: 0, done: 0 });
    await app.host.restart("app");
    expect(app.workers[1]?.invoked()).toHaveLength(1);
  });

  it.each([
    ["fails", "no database"],
    ["dies", "SIGSEGV"],
    ["hangs", "deadline"],
  ] as const)("that %s fails the deploy, and the old version goes on", async (what, why) => {
    await start();
    fate = what;
    const retried = { retries: { attempts: 3, on: ["crash", "error"] } };
    const deployed = app.host.deploy("app", manifestOf({ ...healthy, "startup-timeout": 0.1 }, retried));
    await expect(deployed).rejects.toMatchObject({
      code: "COC_DEPLOY",
      message: expect.stringContaining(why),
      cause: { code: "COC_HEALTH" },
    });
    expect(await run()).toBe("done event");
    expect(app.workers[0]?.invoked()).toHaveLength(2);
    expect(app.workers).toHaveLength(2);
  });

  it("that fails on the first deploy leaves nothing", async () => {
    await start();
    fate = "fails";
    await expect(app.host.deploy("other", manifestOf(healthy))).rejects.toMatchObject({ code: "COC_DEPLOY" });
    expect(app.host.info().apps.map(({ name }) => name)).toEqual(["app"]);
  });

  it("must be a task of the manifest", async () => {
    await start();
    await expect(app.host.deploy("app", manifestOf({ health: "evnt" }))).rejects.toThrow(
      /engine\.health: .*"evnt".*did you mean "event"/,
    );
  });
});
