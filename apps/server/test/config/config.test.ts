import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ConfigContext, loadConfig } from "../../src/config/config.ts";
import { temporaryFolder } from "../support/temporary.ts";

function context(changes: Partial<ConfigContext> = {}): ConfigContext {
  return { env: {}, uid: 1000, home: "/home/ada", tmp: "/tmp", cwd: "/work", terminal: false, ...changes };
}

async function fileWith(text: string, name = "cocained.yaml"): Promise<string> {
  const file = join(await temporaryFolder(), name);
  await writeFile(file, text);
  return file;
}

describe("the configuration", () => {
  it("has the folders of the system as defaults for root", async () => {
    expect(await loadConfig({}, context({ uid: 0 }))).toMatchObject({
      runtimeDir: "/run/cocaine",
      cacheDir: "/var/cache/cocaine",
      storage: "files:/var/lib/cocaine/storage",
      apps: undefined,
      logLevel: "info",
      logFormat: "json",
      shutdownDeadline: 30,
    });
  });

  it("has the XDG folders as defaults for other users", async () => {
    const env = { XDG_RUNTIME_DIR: "/run/user/1000", XDG_DATA_HOME: "/home/ada/data", XDG_CACHE_HOME: "/home/ada/c" };
    const config = await loadConfig({}, context({ env }));
    expect(config).toMatchObject({
      runtimeDir: "/run/user/1000/cocaine",
      cacheDir: "/home/ada/c/cocaine",
      storage: "files:/home/ada/data/cocaine/storage",
    });
    expect(await loadConfig({}, context())).toMatchObject({
      runtimeDir: "/tmp/cocaine-1000",
      cacheDir: "/home/ada/.cache/cocaine",
      storage: "files:/home/ada/.local/share/cocaine/storage",
    });
  });

  it("writes for people on a terminal", async () => {
    expect((await loadConfig({}, context({ terminal: true }))).logFormat).toBe("pretty");
  });

  it("takes a flag over a variable, a variable over the file, and the file over the default", async () => {
    const config = await fileWith("log-level: error\nhostname: from-file\nshutdown-deadline: 7\n");
    const env = { COCAINE_LOG_LEVEL: "warn", COCAINE_HOSTNAME: "from-variable" };
    expect(await loadConfig({ config, "log-level": "debug" }, context({ env }))).toMatchObject({
      logLevel: "debug",
      hostname: "from-variable",
      shutdownDeadline: 7,
      logFormat: "json",
    });
  });

  it("reads JSON as well, and the file that COCAINE_CONFIG names", async () => {
    const file = await fileWith('{ "log-level": "warn" }', "cocained.json");
    expect(await loadConfig({}, context({ env: { COCAINE_CONFIG: file } }))).toMatchObject({ file, logLevel: "warn" });
  });

  it("takes numbers from variables", async () => {
    const env = { COCAINE_SHUTDOWN_DEADLINE: "2.5" };
    expect((await loadConfig({}, context({ env }))).shutdownDeadline).toBe(2.5);
  });

  it("starts relative paths of a file at its folder, those of flags and variables where the program runs", async () => {
    const config = await fileWith("apps: ./apps\nstorage: files:./data\n");
    const folder = join(config, "..");
    expect(await loadConfig({ config, "runtime-dir": "run", "cache-dir": "cache" }, context())).toMatchObject({
      apps: join(folder, "apps"),
      storage: `files:${join(folder, "data")}`,
      runtimeDir: "/work/run",
      cacheDir: "/work/cache",
    });
    const env = { COCAINE_APPS: "elsewhere" };
    expect((await loadConfig({ config }, context({ env }))).apps).toBe("/work/elsewhere");
  });
});

describe("a bad configuration", () => {
  const refused = async (text: string, name?: string): Promise<Error> => {
    const config = await fileWith(text, name);
    return loadConfig({ config }, context()).then(
      () => expect.fail("it was taken"),
      (error: Error) => error,
    );
  };

  it("names the path and the nearest key of a mistyped one", async () => {
    const error = await refused("log-levle: warn\n");
    expect(error).toMatchObject({ code: "COC_CONFIG" });
    expect(error.message).toContain('log-levle: found the unknown key "log-levle"');
    expect(error.message).toContain('did you mean "log-level"?');
  });

  it("tells all that is wrong at once", async () => {
    const { message } = await refused("log-level: loud\nshutdown-deadline: soon\n");
    expect(message).toContain('log-level: found "loud", expected one of "debug", "info", "warn", "error"');
    expect(message).toContain('shutdown-deadline: found "soon", expected a number');
  });

  it("names file, line and column of broken YAML and JSON", async () => {
    expect((await refused("log-level: [\n")).message).toMatch(/cocained\.yaml:2:1: the YAML is broken/);
    expect((await refused('{\n "log-level" "warn" }', "c.json")).message).toMatch(/c\.json:2:14: the JSON is broken/);
  });

  it("says which storages there are", async () => {
    const error = await loadConfig({ storage: "postgres://db/cocaine" }, context()).catch((refusal: Error) => refusal);
    expect(error).toMatchObject({ code: "COC_CONFIG" });
    expect((error as Error).message).toContain("the command line");
    expect((error as Error).message).toContain("memory:, files:/path or mongodb://host/database");
  });

  it("tells which variable is wrong", async () => {
    const env = { COCAINE_LOG_FORMAT: "xml" };
    await expect(loadConfig({}, context({ env }))).rejects.toThrow(
      /the environment \(COCAINE_… variables\).*log-format: found "xml"/s,
    );
  });

  it("is refused if its file is not there", async () => {
    await expect(loadConfig({ config: "nowhere.yaml" }, context())).rejects.toThrow(
      "/work/nowhere.yaml cannot be read",
    );
  });
});
