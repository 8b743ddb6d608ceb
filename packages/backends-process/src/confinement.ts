import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { type BackendContext, createError, type Limits, messageOf } from "@cocaine/core/plugin";
import { type Account, findAccount } from "./account.ts";
import type { Environment } from "./environment.ts";

const run = promisify(execFile);

/** Seconds of processor time that are left after SIGXCPU, which says that the limit is reached, until SIGKILL. */
const CPU_GRACE = 5;

/** What the workers of an app may use, and as whom they run. */
export interface Confinement {
  /** Comes before the command of a worker, which it becomes: the process stays the same. */
  readonly prefix: readonly string[];
  /** Another user than that of the host. */
  readonly account: Account | undefined;
  /** Variables of that user. */
  readonly env: Environment;
  readonly limits: Limits;
}

/**
 * Finds out how workers are given their limits and their user, and tries it.
 *
 * @throws `COC_BACKEND_ACCOUNT` where user or group are unknown, or this process may not change to them;
 * `COC_BACKEND_LIMITS` where a tool is missing or the system refuses the limits.
 */
export async function prepareConfinement(
  { limits = {}, user, group }: Pick<BackendContext, "limits" | "user" | "group">,
  env: Environment,
): Promise<Confinement> {
  const account = user === undefined ? undefined : await findAccount(user, group, env);
  const prefix = [...(await limiting(limits, env)), ...(account === undefined ? [] : await becoming(account, env))];
  if (prefix.length > 0) await attempt(prefix, env);
  return { prefix, account, env: account === undefined ? {} : variablesOf(account), limits };
}

async function limiting(limits: Limits, env: Environment): Promise<string[]> {
  const flags: string[] = [];
  for (const [name, limit] of Object.entries(limits)) {
    if (limit === undefined) continue;
    flags.push(`--${name}=${limit}:${name === "cpu" ? limit + CPU_GRACE : limit}`);
  }
  return flags.length === 0 ? [] : [await findTool("prlimit", env), ...flags, "--"];
}

async function becoming({ name, uid, gid }: Account, env: Environment): Promise<string[]> {
  const [ownUid, ownGid] = [process.getuid?.(), process.getgid?.()];
  if (ownUid === uid && ownGid === gid) return [];
  if (ownUid !== 0) {
    const message = `workers cannot run as user "${name}" (${uid}:${gid}): only a server of root can change to another, and this one is user ${ownUid}; run it as root, or leave engine.user out`;
    throw createError("COC_BACKEND_ACCOUNT", message);
  }
  return [await findTool("setpriv", env), `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--"];
}

/** Absolute, so that the PATH of an app's `env` does not matter. */
async function findTool(name: string, { PATH = "" }: Environment): Promise<string> {
  for (const folder of PATH.split(delimiter)) {
    const path = join(folder, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  const message = `the program ${name}, which gives workers their limits and user, is not in ${PATH || "an empty PATH"}: install the package util-linux, or leave engine.limits and engine.user out`;
  throw createError("COC_BACKEND_LIMITS", message);
}

/** What the system refuses is better known now than from each worker. */
async function attempt([tool = "", ...args]: readonly string[], env: Environment): Promise<void> {
  try {
    await run(tool, [...args, "true"], { cwd: "/", env: { ...env } });
  } catch (cause) {
    const said = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : "";
    const message = `the system refuses engine.limits or engine.user of the manifest: ${said || messageOf(cause)}`;
    throw createError("COC_BACKEND_LIMITS", message, { cause });
  }
}

function variablesOf({ name, home }: Account): Environment {
  return { HOME: home, USER: name, LOGNAME: name };
}
