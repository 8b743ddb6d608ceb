import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SECANTUS = fileURLToPath(new URL("../../../../.cache/venv/bin/secantusd-py", import.meta.url));

/** A server of MongoDB's protocol, for tests. */
export interface Server {
  /** With a database of its own. */
  readonly uri: string;
  /** What it is, for the reader of the tests' output. */
  readonly what: string;
  /** Where it is a process of the tests. */
  readonly process: ChildProcess | undefined;
  /** Starts one that was ended anew, on the same port and data, with further flags. */
  restart(...more: string[]): Promise<void>;
  close(): Promise<void>;
}

let databases = 0;
const database = () => `cocaine-${process.pid}-${++databases}`;

/**
 * Starts SecantusDB, which speaks MongoDB's protocol over WiredTiger, from the tests' virtual environment. Its data is
 * in a folder that is removed at the end.
 *
 * @param flags - `--standalone` is without change streams; `--auth` and `--tls-…` are what they say.
 */
export async function startSecantus(flags: readonly string[] = []): Promise<Server> {
  if (!existsSync(SECANTUS))
    throw new Error(`${SECANTUS} is not there: run the tests by \`pnpm test\`, which installs it`);
  const folder = await mkdtemp(join(tmpdir(), "coc-"));
  const launch = async (at: number, more: readonly string[] = []) => {
    const args = ["--host", "127.0.0.1", "--port", String(at), "--storage-path", folder, ...flags, ...more];
    const child = spawn(SECANTUS, args, { stdio: ["ignore", "pipe", "pipe"], cwd: folder });
    return { child, port: await portOf(child) };
  };
  let running = await launch(0);
  return {
    uri: `mongodb://127.0.0.1:${running.port}/${database()}`,
    what: `SecantusDB ${flags.join(" ")}`,
    get process() {
      return running.child;
    },
    async restart(...more) {
      running = await launch(running.port, more);
    },
    async close() {
      running.child.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The server that the tests' user names by MONGODB_URI; `undefined`: none. */
export function namedServer(): Server | undefined {
  const { MONGODB_URI } = process.env;
  if (!MONGODB_URI) return undefined;
  const uri = MONGODB_URI.replace(/^([^/]+\/\/[^/?]+)(?:\/[^?]*)?/, (_, hosts: string) => `${hosts}/${database()}`);
  const nothing = async () => undefined;
  return { uri, what: "the server of MONGODB_URI", process: undefined, restart: nothing, close: nothing };
}

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let log = "";
    child.stderr?.on("data", (text) => {
      log = (log + text).slice(-10_000);
      const [, port] = /listening on 127\.0\.0\.1:(\d+)/.exec(log) ?? [];
      if (port !== undefined) resolve(Number(port));
    });
    child.once("exit", () => reject(new Error(`the server did not start:\n${log}`)));
  });
}
