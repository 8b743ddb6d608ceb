import { execFile } from "node:child_process";
import { chmod, chown, cp, mkdir, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { BackendContext } from "@cocaine/core/plugin";
import { describe, expect, it } from "vitest";
import {
  codeOf,
  command,
  createBackend,
  lineOf,
  openBackend,
  shell,
  spawn,
  temporaryFolder,
} from "./support/backend.ts";

const run = promisify(execFile);
const FIXTURES = fileURLToPath(new URL("fixtures", import.meta.url));

/** The numbers of a user of every Debian. */
const NOBODY = { name: "nobody", uid: 65_534, gid: 65_534 };
const WWW = { name: "www-data", uid: 33, gid: 33 };

type Confined = Pick<BackendContext, "limits" | "user" | "group">;

/** A folder that other users can pass through, as the host makes them. */
async function openFolder(): Promise<string> {
  const folder = await temporaryFolder();
  await chmod(folder, 0o711);
  return folder;
}

async function confined(confinement: Confined) {
  return await openBackend({}, confinement, await openFolder());
}

/** What a program of Python writes, as JSON. */
async function told(confinement: Confined, program: string): Promise<unknown> {
  const { backend } = await confined(confinement);
  const { link } = spawn(backend, command("/usr/bin/python3", ["-c", `import json, os, resource\n${program}`]));
  expect(await link.exited).toEqual({ code: 0, signal: null });
  return JSON.parse(link.output().join("\n"));
}

const starting = async (confinement: Confined, env?: Record<string, string>) =>
  createBackend(await openFolder(), [], env === undefined ? {} : { env }, confinement).start();

describe("a worker with limits", () => {
  it("has each of them, and no other", async () => {
    const limits = {
      nofile: 77,
      as: 2e9,
      data: 1e9,
      cpu: 60,
      nproc: 5000,
      core: 0,
      fsize: 1e6,
      memlock: 0,
      stack: 2 ** 22,
    };
    const names = Object.keys(limits).map((name) => name.toUpperCase());
    const program = `print(json.dumps([resource.getrlimit(getattr(resource, "RLIMIT_" + n)) for n in ${JSON.stringify(names)}]))`;
    const pairs = Object.entries(limits).map(([name, limit]) => [limit, name === "cpu" ? limit + 5 : limit]);
    expect(await told({ limits }, program)).toEqual(pairs);
    const program2 = "print(json.dumps([os.getpid() == os.getsid(0), resource.getrlimit(resource.RLIMIT_AS)]))";
    expect(await told({ limits: { nofile: 77 } }, program2)).toEqual([true, [-1, -1]]);
  });

  it("that used up its processor time has ended for that", async () => {
    const { backend } = await confined({ limits: { cpu: 1 } });
    const exit = await spawn(backend, shell("while :; do :; done")).link.exited;
    expect(exit).toMatchObject({ signal: "SIGXCPU", error: { code: "COC_WORKER_LIMIT" } });
    expect(exit.error?.message).toContain("1 s of processor time (engine.limits.cpu)");
  });

  it("that wrote too large a file has ended for that", async () => {
    const { backend, runtimeDir } = await confined({ limits: { fsize: 4096 } });
    const exit = await spawn(backend, shell(`exec head -c 10000 /dev/zero > ${runtimeDir}/large`)).link.exited;
    expect(exit).toMatchObject({ signal: "SIGXFSZ", error: { code: "COC_WORKER_LIMIT" } });
    expect((await stat(join(runtimeDir, "large"))).size).toBe(4096);
  });

  it("and a command that is missing exits with the command, and what to do", async () => {
    const { backend } = await confined({ limits: { nofile: 100 } });
    const exit = await spawn(backend, command("no-such-program")).link.exited;
    expect(codeOf(exit)).toBe("COC_WORKER_START");
    expect(exit.error?.message).toMatch(/"no-such-program".*not in the PATH.*install it/);
    const missing = { ...command("env"), cwd: "/no/such/folder" };
    expect((await spawn(backend, missing, "w-2").link.exited).error?.message).toContain("/no/such/folder");
  });
});

describe("a worker with a user", () => {
  const whoami =
    "print(json.dumps([os.getresuid(), os.getresgid(), os.getgroups(), {n: os.environ[n] for n in ('HOME', 'USER', 'LOGNAME')}]))";

  it.each([
    ["by name", { user: "www-data" }, WWW, "/var/www"],
    ["by number", { user: 33 }, WWW, "/var/www"],
    ["with a group", { user: "www-data", group: "nogroup" }, { ...WWW, gid: NOBODY.gid }, "/var/www"],
    ["and limits", { user: "nobody", limits: { nofile: 100 } }, NOBODY, "/nonexistent"],
  ])(
    "%s is that user in all, has its variables, and no other group",
    async (_, confinement, { name, uid, gid }, HOME) => {
      expect(await told(confinement, whoami)).toEqual([
        [uid, uid, uid],
        [gid, gid, gid],
        [],
        { HOME, USER: name, LOGNAME: name },
      ]);
    },
  );

  it("connects, marks its progress and works", async () => {
    const folder = await openFolder();
    await chmod(folder, 0o755);
    const kitFile = fileURLToPath(new URL("../../lang-js/dist/worker.js", import.meta.url));
    await cp(kitFile, join(folder, "worker.mjs"));
    await cp(join(FIXTURES, "methods.mjs"), join(folder, "methods.mjs"));
    const { backend, runtimeDir } = await confined({ user: "www-data" });
    const launch = command(process.execPath, [join(folder, "worker.mjs"), "js", join(folder, "methods.mjs")]);
    const worker = spawn(backend, { ...launch, cwd: folder });
    await worker.hello();
    const { uid } = await stat(`/proc/${worker.link.pid}`);
    expect(uid).toBe(33);

    const [name = ""] = await readdir(runtimeDir);
    const inside = join(runtimeDir, name);
    expect((await stat(inside)).mode & 0o777).toBe(0o711);
    for (const file of ["bus", "w-1.progress"]) {
      expect(await stat(join(inside, file))).toMatchObject({ uid: 33, gid: 33 });
      expect((await stat(join(inside, file))).mode & 0o777).toBe(0o600);
    }
    const connecting = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])";
    const stranger = [
      "--reuid=65534",
      "--regid=33",
      "--clear-groups",
      "/usr/bin/python3",
      "-c",
      connecting,
      join(inside, "bus"),
    ];
    await expect(run("setpriv", stranger)).rejects.toThrow("PermissionError");
  });

  it("cannot make the host write elsewhere by a link in its folder", async () => {
    const { backend, runtimeDir } = await confined({ user: "www-data" });
    const [name = ""] = await readdir(runtimeDir);
    const { link } = spawn(backend, shell(`ln -s /etc/passwd ${join(runtimeDir, name)}/w-2.progress; echo over`));
    await lineOf(link, /Permission denied/);
  });

  it("is killed as any other", async () => {
    const { backend } = await confined({ user: "nobody" });
    const { link } = spawn(backend, shell('trap "" TERM; echo up; while :; do sleep 1; done'));
    await lineOf(link, /^(up)$/);
    await link.stop(50);
    expect(await link.exited).toEqual({ code: null, signal: "SIGKILL" });
  });

  it("who may not read the code exits with the folder or file, and what to do", async () => {
    const { backend } = await confined({ user: "www-data" });
    const folder = await temporaryFolder();
    const file = join(folder, "app.py");
    await writeFile(file, "", { mode: 0o600 });
    const exit = await spawn(backend, command("/usr/bin/python3", [file])).link.exited;
    expect(codeOf(exit)).toBe("COC_WORKER_START");
    expect(exit.error?.message).toContain(
      `user "www-data" (33:33), as whom it runs, may not pass through the folder ${folder}`,
    );
    await chmod(folder, 0o755);
    const second = await spawn(backend, command("/usr/bin/python3", [file]), "w-2").link.exited;
    expect(second.error?.message).toContain(`may not read the file ${file} (mode 0600, owner 0:0)`);
    await chown(file, 33, 33);
    await symlink(file, join(folder, "link.py"));
    const third = await spawn(backend, command("/usr/bin/python3", [join(folder, "link.py")]), "w-3").link.exited;
    expect(third).toEqual({ code: 0, signal: null });
  });
});

describe("a backend does not start", () => {
  it.each([
    ["a user that is unknown", { user: "no-such-user" }, 'no user "no-such-user".*correct engine.user'],
    ["a number without a user", { user: 54_321 }, "no user 54321"],
    ["a group that is unknown", { user: "nobody", group: "no-such-group" }, 'no group "no-such-group"'],
  ])("for %s", async (_, confinement, message) => {
    const refused = expect.objectContaining({ code: "COC_BACKEND_ACCOUNT", message: expect.stringMatching(message) });
    await expect(starting(confinement)).rejects.toEqual(refused);
  });

  it("where the tools of util-linux are missing", async () => {
    const folder = await temporaryFolder();
    await symlink("/usr/bin/getent", join(folder, "getent"));
    const error = {
      code: "COC_BACKEND_LIMITS",
      message: expect.stringMatching(/prlimit.*install the package util-linux/),
    };
    await expect(starting({ limits: { nofile: 10 } }, { PATH: folder })).rejects.toMatchObject(error);
    const setpriv = { code: "COC_BACKEND_LIMITS", message: expect.stringContaining("setpriv") };
    await expect(starting({ user: "nobody" }, { PATH: folder })).rejects.toMatchObject(setpriv);
  });

  it("where the system refuses a limit", async () => {
    const error = { code: "COC_BACKEND_LIMITS", message: expect.stringMatching(/refuses.*NOFILE.*not permitted/) };
    await expect(starting({ limits: { nofile: 2 ** 31 - 1 } })).rejects.toMatchObject(error);
  });

  it("where the user cannot come to the socket, and leaves nothing behind", async () => {
    const outer = await temporaryFolder();
    const runtimeDir = join(outer, "run");
    await mkdir(runtimeDir, { mode: 0o711 });
    const backend = createBackend(runtimeDir, [], {}, { user: "nobody" });
    const message = expect.stringContaining(`may not pass through the folder ${outer} (mode 0700, owner 0:0)`);
    await expect(backend.start()).rejects.toMatchObject({ code: "COC_BACKEND_ACCOUNT", message });
    expect(await readdir(runtimeDir)).toEqual([]);
  });

  it("for another user where the host is not root, and starts for its own", async () => {
    const folder = await temporaryFolder();
    await chown(folder, WWW.uid, WWW.gid);
    const program = join(FIXTURES, "account.mjs");
    const as = (user: string) =>
      run("setpriv", ["--reuid=33", "--regid=33", "--clear-groups", process.execPath, program, folder, user]);
    expect((await as("nobody")).stdout).toMatch(/COC_BACKEND_ACCOUNT.*"nobody".*only a server of root/);
    expect((await as("www-data")).stdout).toBe("33\n");
  });
});
