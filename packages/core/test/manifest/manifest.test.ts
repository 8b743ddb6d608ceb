import { describe, expect, it } from "vitest";
import { createRegistry, type Issue, isCocaineError, parseManifest } from "../../src/index.ts";
import { defineBackend, defineDriver, defineLanguage, z } from "../../src/plugin.ts";

const never = () => expect.fail("nothing is created while a manifest is checked");
const driver = <S extends z.ZodType>(name: string, options: S, aliases: string[] = []) =>
  defineDriver({ name, options, aliases, create: never });

const registry = createRegistry().use([
  defineLanguage({ name: "python+wsgi", options: z.strictObject({}), create: never }),
  defineLanguage({ name: "python", options: z.strictObject({ venv: z.string().optional() }), create: never }),
  defineBackend({ name: "process", options: z.strictObject({}), create: never }),
  driver("auto", z.strictObject({ interval: z.int().positive() }), ["timed+auto"]),
  driver("fs", z.strictObject({ path: z.string() }), ["filesystem-monitor"]),
  driver("server+zmq", z.strictObject({ endpoint: z.string() })),
]);

const parse = (value: unknown, name = "app") => parseManifest(value, { name, registry });

function issuesOf(value: unknown, name?: string): Issue[] {
  try {
    parse(value, name);
  } catch (error) {
    if (isCocaineError(error) && error.code === "COC_MANIFEST") return (error.details as { issues: Issue[] }).issues;
    throw error;
  }
  return expect.fail("the manifest was accepted");
}

const manifestOf2011 = () => ({
  type: "python+wsgi",
  args: "local:///path/to/application/__init__.py",
  engine: { backend: "process", "heartbeat-timeout": 60, "pool-limit": 20, "queue-limit": 5 },
  pubsub: { endpoint: "tcp://lo:9200" },
  tasks: {
    aggregate: { interval: 60000, type: "auto" },
    event: { endpoint: "tcp://lo:9100", type: "server+zmq" },
    spool: { path: "/var/spool/my-app-data", type: "fs" },
  },
});

describe("a manifest", () => {
  it("of 2011 is understood as it is", () => {
    const manifest = parse(manifestOf2011());
    expect(manifest).toMatchObject({
      name: "app",
      type: "python+wsgi",
      code: { bundle: undefined, path: "/path/to/application/__init__.py" },
      feed: "tcp://lo:9200",
      engine: { poolMin: 0, poolLimit: 20, queueLimit: 5, heartbeatTimeout: 60_000, spawnDelay: 20 },
    });
    expect(manifest.tasks.map(({ name, options }) => [name, options])).toEqual([
      ["aggregate", { interval: 60000 }],
      ["event", { endpoint: "tcp://lo:9100" }],
      ["spool", { path: "/var/spool/my-app-data" }],
    ]);
    expect(Object.isFrozen(manifest)).toBe(true);
  });

  it("may name code in a bundle", () => {
    const sha256 = "0123456789abcdef".repeat(4);
    const codeOf = (args: string) => parse({ ...manifestOf2011(), args }).code;
    expect(codeOf(`storage://${sha256}/lib/app.py`)).toEqual({ bundle: sha256, path: "lib/app.py" });
    expect(codeOf(`storage://${sha256}`)).toEqual({ bundle: sha256, path: "" });
  });

  it.each([
    "storage://abc/app.py",
    `storage://${"A".repeat(64)}/app.py`,
    `storage://${"a".repeat(64)}app.py`,
    `storage://${"a".repeat(64)}//app.py`,
    `storage://${"a".repeat(64)}/lib/../../app.py`,
    `storage://${"a".repeat(64)}/app\0.py`,
  ])("cannot have its code at %s", (args) => {
    expect(issuesOf({ ...manifestOf2011(), args })).toMatchObject([{ path: "args" }]);
  });

  it("may use the names of 2011", () => {
    const value = manifestOf2011();
    const old = {
      ...value,
      engine: { "suicide-timeout": 5 },
      tasks: { spool: { ...value.tasks.spool, type: "filesystem-monitor" } },
    };
    const manifest = parse(old);
    expect(manifest.engine.idleTimeout).toBe(5000);
    expect(manifest.tasks[0]?.driver.name).toBe("fs");
  });

  it("gives a task's policy to the engine and the rest to its driver", () => {
    const value = {
      ...manifestOf2011(),
      tasks: { event: { type: "server+zmq", endpoint: "e", timeout: 5, urgent: true, retries: { attempts: 2 } } },
    };
    expect(parse(value).tasks[0]).toMatchObject({
      options: { endpoint: "e" },
      policy: { timeout: 5000, urgent: true, overflow: "reject", retries: { attempts: 2, on: ["crash"] } },
    });
  });

  it("tells everything that is wrong at once", () => {
    const issues = issuesOf({ type: "pyton", args: "app.py", engin: {}, tasks: { event: { type: "server+zmq" } } });
    expect(issues.map(({ path }) => path).sort()).toEqual(["args", "engin", "tasks.event.endpoint", "type"]);
  });

  const changed = (change: (value: Record<string, unknown> & ReturnType<typeof manifestOf2011>) => void) => {
    const value = manifestOf2011() as Record<string, unknown> & ReturnType<typeof manifestOf2011>;
    change(value);
    return value;
  };
  const set = (value: object, key: string, to: unknown) => Object.assign(value, { [key]: to });

  it.each([
    ["nothing at all", undefined, "", "nothing", "an object"],
    ["a list", [], "", "[]", "an object"],
    ["no type", changed((m) => Reflect.deleteProperty(m, "type")), "type", "nothing", "text"],
    [
      "an unknown language",
      changed((m) => set(m, "type", "pithon")),
      "type",
      '"pithon"',
      'a registered language (one of python, python+wsgi); did you mean "python"?',
    ],
    [
      "an unknown option of the language",
      changed((m) => Object.assign(m, { type: "python", language: { vemv: "/srv/venv" } })),
      "language.vemv",
      'the unknown key "vemv"',
      'a known key; did you mean "venv"?',
    ],
    [
      "an option of a language that has none",
      changed((m) => set(m, "language", { venv: "/srv/venv" })),
      "language.venv",
      'the unknown key "venv"',
      "none: nothing can be set here",
    ],
    ["language options that are text", changed((m) => set(m, "language", "venv")), "language", '"venv"', "an object"],
    ["a type that is no text", changed((m) => set(m, "type", 5)), "type", "5", "text"],
    [
      "a relative path",
      changed((m) => set(m, "args", "app.py")),
      "args",
      '"app.py"',
      "an absolute path, as local:///srv/app.py or /srv/app.py, or storage://<sha256>/app.py",
    ],
    [
      "an unknown key",
      changed((m) => set(m, "pubsubs", {})),
      "pubsubs",
      'the unknown key "pubsubs"',
      'a known key; did you mean "pubsub"?',
    ],
    [
      "an unknown engine key",
      changed((m) => set(m.engine, "pool-limt", 1)),
      "engine.pool-limt",
      'the unknown key "pool-limt"',
      'a known key; did you mean "pool-limit"?',
    ],
    [
      "a pool-limit of 0",
      changed((m) => set(m.engine, "pool-limit", 0)),
      "engine.pool-limit",
      "0",
      "a number of at least 1",
    ],
    ["half a worker", changed((m) => set(m.engine, "pool-limit", 1.5)), "engine.pool-limit", "1.5", "a whole number"],
    ["a number as text", changed((m) => set(m.engine, "queue-limit", "5")), "engine.queue-limit", '"5"', "a number"],
    [
      "a negative duration",
      changed((m) => set(m.engine, "spawn-delay", -1)),
      "engine.spawn-delay",
      "-1",
      "a number of at least 0",
    ],
    [
      "a timeout of 0",
      changed((m) => set(m.engine, "heartbeat-timeout", 0)),
      "engine.heartbeat-timeout",
      "0",
      "a number of more than 0",
    ],
    [
      "pool-min over pool-limit",
      changed((m) => set(m.engine, "pool-min", 21)),
      "engine.pool-min",
      "21",
      "at most the pool-limit, 20",
    ],
    [
      "an unknown backend",
      changed((m) => set(m.engine, "backend", "proces")),
      "engine.backend",
      '"proces"',
      'a registered backend (one of process); did you mean "process"?',
    ],
    ["an engine that is a list", changed((m) => set(m, "engine", [])), "engine", "[]", "an object"],
    ["a feed without endpoint", changed((m) => set(m, "pubsub", {})), "pubsub.endpoint", "nothing", "text"],
    [
      "a feed on UDP",
      changed((m) => set(m.pubsub, "endpoint", "udp://lo:1")),
      "pubsub.endpoint",
      '"udp://lo:1"',
      "tcp://… or ipc://…",
    ],
    ["no tasks", changed((m) => Reflect.deleteProperty(m, "tasks")), "tasks", "nothing", "an object"],
    ["an empty list of tasks", changed((m) => set(m, "tasks", {})), "tasks", "{}", "at least one task"],
    ["a task that is text", changed((m) => set(m.tasks, "event", "x")), "tasks.event", '"x"', "an object"],
    ["a task without type", changed((m) => set(m.tasks, "event", {})), "tasks.event.type", "nothing", "text"],
    [
      "an unknown driver",
      changed((m) => set(m.tasks.event, "type", "server-zmq")),
      "tasks.event.type",
      '"server-zmq"',
      'a registered driver (one of auto, call, fs, server+zmq); did you mean "server+zmq"?',
    ],
    [
      "a task's name with a space",
      changed((m) => set(m.tasks, "my task", { type: "fs", path: "/" })),
      "tasks.my task",
      'the name "my task"',
      "1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or '_'",
    ],
    [
      "a driver's option missing",
      changed((m) => Reflect.deleteProperty(m.tasks.event, "endpoint")),
      "tasks.event.endpoint",
      "nothing",
      "text",
    ],
    [
      "a driver's option of a wrong type",
      changed((m) => set(m.tasks.aggregate, "interval", "60s")),
      "tasks.aggregate.interval",
      '"60s"',
      "a number",
    ],
    [
      "a mistyped option",
      changed((m) => set(m.tasks.event, "endpont", "x")),
      "tasks.event.endpont",
      'the unknown key "endpont"',
      'a known key; did you mean "endpoint"?',
    ],
    [
      "a mistyped policy",
      changed((m) => set(m.tasks.event, "timout", 5)),
      "tasks.event.timout",
      'the unknown key "timout"',
      'a known key; did you mean "timeout"?',
    ],
    [
      "an overflow that there is not",
      changed((m) => set(m.tasks.event, "overflow", "wait")),
      "tasks.event.overflow",
      '"wait"',
      'one of "reject", "drop-oldest", "block"',
    ],
    [
      "a key within retries",
      changed((m) => set(m.tasks.event, "retries", { attempt: 1 })),
      "tasks.event.retries.attempt",
      'the unknown key "attempt"',
      'a known key; did you mean "attempts"?',
    ],
    ["a variable that is a number", changed((m) => set(m, "env", { DEBUG: 1 })), "env.DEBUG", "1", "text"],
    ["a version that is a list", changed((m) => set(m, "version", [])), "version", "[]", "a number, or text"],
  ])("with %s is refused with place, found and expected", (_name, value, path, found, expected) => {
    expect(issuesOf(value)).toContainEqual({
      path,
      found,
      expected,
      message: `${path || "the value"}: found ${found}, expected ${expected}`,
    });
  });

  it("needs a name that can be a folder", () => {
    expect(issuesOf(manifestOf2011(), "../etc")[0]).toMatchObject({ found: 'the app name "../etc"' });
  });
});
