import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import {
  codeOf,
  command,
  createBackend,
  kit,
  lineOf,
  openBackend,
  shell,
  spawn,
  stateOf,
  temporaryFolder,
  untilDead,
} from "./support/backend.ts";

/** Starts a process that does not end at SIGTERM, and says its id. */
const STUBBORN = `sh -c 'trap "" TERM; echo "stubborn=$$"; while :; do sleep 1; done' &`;

describe("the environment of a worker", () => {
  it("is clean but for the app's own and the protocol's variables", async () => {
    const { backend, runtimeDir } = await openBackend();
    const worker = spawn(backend, command("env"), "w-7", 3);
    expect(await worker.link.exited).toEqual({ code: 0, signal: null });
    const variables = Object.fromEntries(worker.link.output().map((line) => line.split(/=(.*)/s)));
    expect(variables).toEqual({
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      LANG: "C.UTF-8",
      SHOP: "open",
      COCAINE_APP: "shop",
      COCAINE_ENDPOINT: expect.stringContaining(`ipc://${runtimeDir}/`),
      COCAINE_IDENTITY: "w-7",
      COCAINE_HEARTBEAT: "30",
      COCAINE_CONCURRENCY: "3",
      COCAINE_PROGRESS: expect.stringContaining(runtimeDir),
    });
  });

  it("starts from what the host gives instead", async () => {
    const { backend } = await openBackend({ env: { PATH: "/bin:/usr/bin", TZ: "UTC" } });
    const worker = spawn(backend, shell('echo "$TZ [$LANG]"'));
    await worker.link.exited;
    expect(worker.link.output()).toEqual(["UTC []"]);
  });
});

describe("a worker that is stopped", () => {
  it("may end in peace at SIGTERM", async () => {
    const { backend } = await openBackend();
    const worker = spawn(backend, shell("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.05; done"));
    await lineOf(worker.link, /^(up)$/);
    await worker.link.stop(20_000);
    expect(await worker.link.exited).toEqual({ code: 3, signal: null });
    expect(worker.link.output()).toContain("bye");
  });

  it("is killed when the grace is over", async () => {
    const { backend } = await openBackend();
    const worker = spawn(backend, shell('trap "" TERM; echo up; while :; do sleep 1; done'));
    await lineOf(worker.link, /^(up)$/);
    await worker.link.stop(50);
    expect(await worker.link.exited).toEqual({ code: null, signal: "SIGKILL" });
  });

  it("is killed sooner when it is stopped again with a shorter grace", async () => {
    const { backend } = await openBackend();
    const worker = spawn(backend, shell('trap "" TERM; echo up; while :; do sleep 1; done'));
    await lineOf(worker.link, /^(up)$/);
    const patient = worker.link.stop(600_000);
    await worker.link.stop(0);
    await patient;
    expect(await worker.link.exited).toMatchObject({ signal: "SIGKILL" });
  });

  it("takes all that it has started with it", async () => {
    const { backend } = await openBackend();
    const worker = spawn(backend, shell(`${STUBBORN} wait`));
    const grandchild = Number(await lineOf(worker.link, /^stubborn=(\d+)/));
    await worker.link.stop(50);
    await untilDead(grandchild);
  });

  it("leaves no zombie", async () => {
    const { backend } = await openBackend();
    const worker = spawn(backend, shell("sleep 60"));
    await worker.link.stop(0);
    expect(await stateOf(worker.link.pid as number)).toBeUndefined();
  });
});

describe("a worker that exits by itself", () => {
  it("takes all that it has started with it", async () => {
    const { backend } = await openBackend();
    const worker = spawn(backend, shell(`${STUBBORN} sleep 0.2; exit 4`));
    const grandchild = Number(await lineOf(worker.link, /^stubborn=(\d+)/));
    expect(await worker.link.exited).toEqual({ code: 4, signal: null });
    await untilDead(grandchild);
  });

  it("takes with it what has left its group", async () => {
    const { backend, log } = await openBackend();
    const worker = spawn(backend, shell("setsid sh -c 'trap \"\" TERM; echo escaped=$$; sleep 60' & sleep 0.2"));
    const escaped = Number(await lineOf(worker.link, /^escaped=(\d+)/));
    expect(await worker.link.exited).toEqual({ code: 0, signal: null });
    await untilDead(escaped);
    await vi.waitFor(() => expect(log.at(-1)?.fields.killed).toContain(escaped));
  });

  it("leaves alone what another worker has started", async () => {
    const { backend } = await openBackend();
    const script = "setsid sh -c 'echo escaped=$$; exec sleep 60' & cat /proc/self/stat; sleep 60";
    const [first, second] = [spawn(backend, shell(script), "w-1"), spawn(backend, shell(script), "w-2")];
    const [gone, kept] = await Promise.all([first, second].map(({ link }) => lineOf(link, /^escaped=(\d+)/)));
    await first.link.stop(0);
    await untilDead(Number(gone));
    expect(await stateOf(Number(kept))).toBe("S");
  });

  it("has exited although a process that hides holds its output open", async () => {
    const { backend } = await openBackend();
    const worker = spawn(backend, shell("env -i setsid sh -c 'echo hidden=$$; exec sleep 60' & sleep 0.2"));
    const hidden = Number(await lineOf(worker.link, /^hidden=(\d+)/));
    try {
      expect(await worker.link.exited).toEqual({ code: 0, signal: null });
      expect(await stateOf(hidden)).toBeDefined();
    } finally {
      process.kill(hidden, "SIGKILL");
    }
  });
});

describe("a worker that cannot be started", () => {
  it("exits with the command that is missing, and what to do", async () => {
    const { backend } = await openBackend();
    const exit = await spawn(backend, command("no-such-program")).link.exited;
    expect(codeOf(exit)).toBe("COC_WORKER_START");
    expect(exit.error?.message).toMatch(/"no-such-program".*not in the PATH.*install it/);
  });

  it("exits with the file that may not be executed", async () => {
    const { backend, runtimeDir } = await openBackend();
    const file = join(runtimeDir, "plain.txt");
    await writeFile(file, "text", { mode: 0o644 });
    const exit = await spawn(backend, command(file)).link.exited;
    expect(exit.error?.message).toContain("chmod +x");
  });

  it("exits with the working folder that is missing", async () => {
    const { backend } = await openBackend();
    const exit = await spawn(backend, { ...command("env"), cwd: "/no/such/folder" }).link.exited;
    expect(exit.error?.message).toContain("/no/such/folder");
  });

  it("exits when an argument cannot be passed on", async () => {
    const { backend } = await openBackend();
    const exit = await spawn(backend, command("env", ["a\0b"])).link.exited;
    expect(codeOf(exit)).toBe("COC_WORKER_START");
  });

  it("exits when its language has only a module for threads", async () => {
    const { backend } = await openBackend();
    const launch = { kind: "module", module: "/kit.js", args: [], cwd: "/", env: {}, concurrency: 1 } as const;
    const link = backend.spawn(launch, { identity: "w-1", heartbeat: 30, concurrency: 1 });
    expect((await link.exited).error?.message).toContain('set backend to "thread"');
    await link.stop(0);
    expect([link.pid, link.begun(), link.output()]).toEqual([undefined, undefined, []]);
  });

  it("can be stopped all the same", async () => {
    const { backend } = await openBackend();
    const { link } = spawn(backend, command("no-such-program"));
    await link.stop(1000);
    expect(link.pid).toBeUndefined();
  });
});

describe("what a worker writes", () => {
  it("goes to the log line by line, with worker and stream", async () => {
    const { backend, log } = await openBackend();
    const worker = spawn(backend, shell("echo one; echo two >&2; printf three"));
    await worker.link.exited;
    expect([...worker.link.output()].sort()).toEqual(["one", "three", "two"]);
    expect(log).toContainEqual({ level: "info", fields: { worker: "w-1", stream: "stdout" }, message: "one" });
    expect(log).toContainEqual({ level: "info", fields: { worker: "w-1", stream: "stderr" }, message: "two" });
  });

  it("is kept to the last 200 lines", async () => {
    const { backend } = await openBackend();
    const worker = spawn(backend, shell("seq 1 1000"));
    await worker.link.exited;
    expect(worker.link.output()).toEqual(Array.from({ length: 200 }, (_, index) => String(801 + index)));
  });

  it("does not grow memory when it floods, nor starve the host", async () => {
    const { backend, log } = await openBackend();
    const worker = spawn(backend, shell("head -c 200000000 /dev/zero; echo; echo over; sleep 60"));
    const before = process.memoryUsage().rss;
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    await lineOf(worker.link, /^(over)$/);
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(10);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
    expect(log[0]?.message.length).toBeLessThan(70_000);
  });
});

describe("the backend", () => {
  it("keeps its socket in a folder that only its user can enter", async () => {
    const { runtimeDir } = await openBackend();
    const [folder] = await readdir(runtimeDir);
    expect((await stat(join(runtimeDir, folder as string))).mode & 0o777).toBe(0o700);
  });

  it("ends every worker and leaves nothing behind when it is closed, also twice", async () => {
    const { backend, runtimeDir } = await openBackend();
    const workers = ["w-1", "w-2", "w-3"].map((identity) => spawn(backend, kit("methods.mjs"), identity));
    await Promise.all(workers.map((worker) => worker.hello()));
    await Promise.all([backend.close(), backend.close()]);
    await backend.close();
    for (const { link } of workers) expect(await stateOf(link.pid as number)).toBeUndefined();
    expect(await readdir(runtimeDir)).toEqual([]);
    expect((await spawn(backend, kit("methods.mjs")).link.exited).error?.message).toContain("not open");
  });

  it("can be closed without a start", async () => {
    await createBackend(await temporaryFolder(), []).close();
  });

  it("says when its folder is missing, or too long for a socket", async () => {
    const runtimeDir = await temporaryFolder();
    const missing = createBackend(join(runtimeDir, "none"), []);
    await expect(missing.start()).rejects.toMatchObject({ code: "COC_BACKEND_START" });
    const long = join(runtimeDir, "x".repeat(100));
    await mkdir(long);
    await expect(createBackend(long, []).start()).rejects.toThrow(/107 at most.*shorter runtime folder/);
    expect(await readdir(long)).toEqual([]);
  });

  it("removes a worker's progress file when it is gone", async () => {
    const { backend, runtimeDir } = await openBackend();
    const [folder] = await readdir(runtimeDir);
    const worker = spawn(backend, shell("sleep 60"));
    const files = () => readdir(join(runtimeDir, folder as string));
    await vi.waitFor(async () => expect(await files()).toHaveLength(2));
    await worker.link.stop(0);
    expect(await files()).toEqual(["bus"]);
  });
});
