import { type CommandLaunch, createError, type Exit } from "@cocaine/core/plugin";
import type { Confinement } from "./confinement.ts";
import { startFailure } from "./failure.ts";
import { obstacleTo } from "./reach.ts";

/** How a worker ended, and what is known of it. */
export interface Ending {
  readonly exit: Exit;
  readonly launch: CommandLaunch;
  readonly confinement: Confinement;
  /** It had connected: its program was started and could read its kit. */
  readonly connected: boolean;
  readonly output: readonly string[];
}

/** What prlimit(1) and setpriv(1) say of a command that they cannot become, and the error that it means. */
const UNSTARTED = /^(?:prlimit|setpriv): failed to execute .*$/;
const CODES: Readonly<Record<number, string>> = { 126: "EACCES", 127: "ENOENT" };

/** The exit, with its reason where the worker's limits or its user are to blame. */
export function verdict(ending: Ending): Exit {
  const { exit } = ending;
  const error = exit.error ?? limitReached(ending) ?? unreadable(ending) ?? unstarted(ending);
  return error === undefined ? exit : { ...exit, error };
}

function limitReached({ exit: { signal }, confinement: { limits } }: Ending): Error | undefined {
  if (signal === "SIGXCPU" && limits.cpu !== undefined) {
    return createError("COC_WORKER_LIMIT", `it had used ${limits.cpu} s of processor time (engine.limits.cpu)`);
  }
  if (signal === "SIGXFSZ" && limits.fsize !== undefined) {
    return createError("COC_WORKER_LIMIT", `it wrote a file of more than ${limits.fsize} bytes (engine.limits.fsize)`);
  }
  return undefined;
}

/** A worker that ended before it could say anything, although its user may not even read what it is made of. */
function unreadable({ exit, launch, confinement: { account }, connected }: Ending): Error | undefined {
  if (connected || account === undefined || exit.code === 0) return undefined;
  const paths = [launch.cwd, launch.command, ...launch.args].filter((path) => path.startsWith("/"));
  for (const path of paths) {
    const obstacle = obstacleTo(path, account);
    if (obstacle === undefined) continue;
    const message = `user "${account.name}" (${account.uid}:${account.gid}), as whom it runs, may not ${obstacle.why}: give it the right to (chmod o+rX), or move what it needs`;
    return createError("COC_WORKER_START", message);
  }
  return undefined;
}

function unstarted({ exit, launch, confinement, connected, output }: Ending): Error | undefined {
  const code = CODES[exit.code ?? 0];
  const said = output.find((line) => UNSTARTED.test(line));
  if (connected || confinement.prefix.length === 0 || code === undefined || said === undefined) return undefined;
  return startFailure(launch, Object.assign(new Error(said), { code }));
}
