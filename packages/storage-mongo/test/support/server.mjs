// @ts-check
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findMongod } from "./mongod.mjs";
import { reachable } from "./reachable.mjs";
import { findSecantus } from "./secantus.mjs";

/**
 * A server of MongoDB's protocol.
 *
 * @typedef {object} Server
 * @property {string} uri - with a database of its own
 * @property {string} what - for the reader of the tests' output
 * @property {import("node:child_process").ChildProcess | undefined} process - where the tests have started it
 * @property {(more?: Options) => Promise<void>} restart - one that was ended, on the same address and data
 * @property {() => Promise<void>} close
 */

/**
 * @typedef {object} Options
 * @property {boolean} [streams] - whether it has change streams, as a replica set of one has; true by default
 * @property {boolean} [auth] - whether users have to log in; only without change streams
 * @property {{ readonly cert: string, readonly key: string }} [tls] - files; only without change streams
 * @property {string} [host] - address that it listens at
 * @property {readonly string[]} [prefix] - a command that becomes the server: its own command line follows
 */

/**
 * How servers of one make are run.
 *
 * @typedef {object} Make
 * @property {(options: Options) => string} what
 * @property {string} command
 * @property {(folder: string, port: number, options: Options) => Promise<string[]>} args
 * @property {(address: string, options: Options) => Promise<void>} prepare - once it listens for the first time
 */

/**
 * A server that has change streams: the one of `MONGODB_URI`, else one that is started.
 *
 * @returns {Promise<Server>}
 */
export async function findServer() {
  const { MONGODB_URI } = process.env;
  if (!MONGODB_URI) return startServer();
  const uri = MONGODB_URI.replace(/^([^/]+\/\/[^/?]+)(?:\/[^?]*)?/, (_, hosts) => `${hosts}/${database()}`);
  const nothing = async () => undefined;
  return { uri, what: "the server of MONGODB_URI", process: undefined, restart: nothing, close: nothing };
}

/**
 * Starts a server whose data is in a folder that is removed at the end: `mongod` where it is on the PATH, else
 * SecantusDB, which keeps its data in WiredTiger as `mongod` does, from the virtual environment of the tests.
 *
 * @param {Options} [options]
 * @returns {Promise<Server>}
 */
export async function startServer(options = {}) {
  const make = findMongod() ?? findSecantus();
  if (make === undefined) {
    throw new Error(
      "No server of MongoDB's protocol is here: put mongod on the PATH, or run `pnpm test` with Python 3.10 or newer, " +
        "which installs SecantusDB; MONGODB_URI names one for the tests that need not end it",
    );
  }
  const { host = "127.0.0.1" } = options;
  const folder = await mkdtemp(join(tmpdir(), "coc-"));
  const port = await freePort();
  let child = await launch(make, folder, port, options);
  await make.prepare(`${host}:${port}`, options);
  return {
    uri: `mongodb://${host}:${port}/${database()}`,
    what: make.what(options),
    get process() {
      return child;
    },
    async restart(more = {}) {
      child = await launch(make, folder, port, { ...options, ...more });
    },
    async close() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGKILL");
        await new Promise((resolve) => child.once("close", resolve));
      }
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const database = () => `cocaine-${randomUUID().slice(0, 8)}`;

/**
 * @param {Make} make
 * @param {string} folder
 * @param {number} port
 * @param {Options} options
 */
async function launch(make, folder, port, options) {
  const { host = "127.0.0.1", prefix = [] } = options;
  const [command = "", ...args] = [...prefix, make.command, ...(await make.args(folder, port, options))];
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], cwd: folder });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => {
      said = (said + text).slice(-4000);
    });
  }
  child.once("error", (error) => {
    said += error.message;
  });
  let ended = false;
  child.once("close", () => {
    ended = true;
  });
  while (!(await reachable(host, port))) {
    if (ended) throw new Error(`${command} ended before it listened:\n${said}`);
    await delay(20);
  }
  return child;
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
