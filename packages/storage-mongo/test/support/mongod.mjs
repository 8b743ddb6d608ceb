// @ts-check
import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { MongoClient } from "mongodb";

const SET = "rs0";

/** @returns {import("./server.mjs").Make | undefined} */
export function findMongod() {
  const { status, stdout } = spawnSync("mongod", ["--version"], { encoding: "utf8" });
  if (status !== 0) return undefined;
  const version = /v\d\S*/.exec(stdout)?.[0] ?? "";
  return {
    what: ({ streams = true }) => `mongod ${version}, ${streams ? "a replica set of one" : "standalone"}`,
    command: "mongod",
    async args(folder, port, { streams = true, auth = false, tls, host = "127.0.0.1" }) {
      const address = ["--bind_ip", host, "--port", String(port), "--dbpath", folder];
      const security =
        tls === undefined ? [] : ["--tlsMode", "requireTLS", "--tlsCertificateKeyFile", await pem(folder, tls)];
      return [...address, ...(streams ? ["--replSet", SET] : []), ...(auth ? ["--auth"] : []), ...security];
    },
    async prepare(address, { streams = true }) {
      if (streams) await initiate(address);
    },
  };
}

/**
 * Makes it the primary of a replica set of one.
 *
 * @param {string} address
 */
async function initiate(address) {
  const client = await new MongoClient(`mongodb://${address}/?directConnection=true`).connect();
  try {
    const admin = client.db("admin");
    await admin.command({ replSetInitiate: { _id: SET, members: [{ _id: 0, host: address }] } });
    while (!(await admin.command({ hello: 1 })).isWritablePrimary) await delay(50);
  } finally {
    await client.close();
  }
}

/**
 * @param {string} folder
 * @param {{ readonly cert: string, readonly key: string }} files
 * @returns {Promise<string>} a file that has both
 */
async function pem(folder, { cert, key }) {
  const file = join(folder, "server.pem");
  await writeFile(file, `${await readFile(cert, "utf8")}${await readFile(key, "utf8")}`, { mode: 0o600 });
  return file;
}
