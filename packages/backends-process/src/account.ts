import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createError } from "@cocaine/core/plugin";
import type { Environment } from "./environment.ts";

const run = promisify(execFile);

/** A user and group of the system, as workers run. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

type Name = string | number;

/**
 * Looks up a user, and a group where it is not the user's own, in all that the system knows (nsswitch.conf(5)).
 *
 * @throws `COC_BACKEND_ACCOUNT` where there is no such user or group.
 */
export async function findAccount(user: Name, group: Name | undefined, env: Environment): Promise<Account> {
  const [name = "", , uid, own, , home = "/"] = await find("passwd", "user", user, env);
  const gid = group === undefined ? own : (await find("group", "group", group, env))[2];
  return { name, uid: Number(uid), gid: Number(gid), home };
}

/** The fields of an entry. */
async function find(database: string, what: "user" | "group", name: Name, env: Environment): Promise<string[]> {
  try {
    const { stdout } = await run("getent", ["--", database, String(name)], { env: { ...env } });
    return stdout.trimEnd().split(":");
  } catch (cause) {
    const message = `this system knows no ${what} ${JSON.stringify(name)} (getent ${database} ${name}): correct engine.${what} of the manifest, or add the ${what}`;
    throw createError("COC_BACKEND_ACCOUNT", message, { cause });
  }
}
