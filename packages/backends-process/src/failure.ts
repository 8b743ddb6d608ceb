import { statSync } from "node:fs";
import { type CocaineError, type CommandLaunch, createError, messageOf } from "@cocaine/core/plugin";
import type { Account } from "./account.ts";
import { isErrno } from "./group.ts";
import type { Obstacle } from "./reach.ts";

/** Says why a command could not be started, and what to do. */
export function startFailure(launch: CommandLaunch, cause: unknown): CocaineError {
  const { command, cwd } = launch;
  return createError("COC_WORKER_START", `The worker's command "${command}" could not be started: ${why()}`, { cause });

  function why(): string {
    if (!isFolder(cwd)) return `its working folder ${cwd} is missing or no folder: create it, or correct the manifest`;
    if (isErrno(cause, "ENOENT")) {
      return command.includes("/")
        ? "there is no such file: install it, or correct the path"
        : `it is not in the PATH of the worker's environment (${launch.env.PATH ?? "the backend's own"}): install it`;
    }
    if (isErrno(cause, "EACCES")) return "it may not be executed: make it executable (chmod +x) for the server's user";
    if (isErrno(cause, "EAGAIN")) return "the system's limit of processes is reached: raise it, or lower pool-limit";
    if (isErrno(cause, "EMFILE") || isErrno(cause, "ENFILE"))
      return "the limit of open files is reached: raise it (ulimit -n), or lower pool-limit";
    return messageOf(cause);
  }
}

/** A language that only has a module for threads was given to this backend. */
export function noCommand(module: string): CocaineError {
  return createError(
    "COC_WORKER_START",
    `The backend "process" starts commands, and this app's language offers the module ${module}: set backend to "thread"`,
  );
}

/** The bus is not open. */
export function notOpen(app: string): CocaineError {
  return createError(
    "COC_WORKER_START",
    `The process backend of app "${app}" is not open: start() it first, and do not use it after close()`,
  );
}

/** `start()` failed. */
export function backendFailure(folder: string, cause: unknown): CocaineError {
  return createError(
    "COC_BACKEND_START",
    `The process backend cannot open its bus in ${folder} (${messageOf(cause)}): the folder must exist and be writable`,
    { cause },
  );
}

/** A Unix socket's path has a limit that the folder does not leave room for. */
export function pathTooLong(path: string, limit: number): CocaineError {
  return createError(
    "COC_BACKEND_START",
    `The path ${path} has ${Buffer.byteLength(path)} bytes, and that of a Unix socket has ${limit} at most: use a shorter runtime folder or app name`,
  );
}

/** The workers' user cannot come to the socket. */
export function noWay({ name, uid, gid }: Account, { path, why }: Obstacle): CocaineError {
  return createError(
    "COC_BACKEND_ACCOUNT",
    `workers cannot run as user "${name}" (${uid}:${gid}), who may not ${why} on the way to their socket: chmod o+x ${path}, or take another runtime folder`,
  );
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
