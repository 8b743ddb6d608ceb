import { chmod, lstat, stat, unlink } from "node:fs/promises";
import { connect, type ListenOptions, type Server } from "node:net";
import { dirname } from "node:path";
import { type CocaineError, createError, messageOf, resolveHost } from "@cocaine/core/plugin";

/** Where a server listens. */
export interface Place {
  readonly listen: ListenOptions;
  /** Of a Unix socket. */
  readonly path: string | undefined;
}

/** Bytes of a Unix socket's path: sun_path of sockaddr_un holds 108, the last of them 0. */
const PATH_LIMIT = 107;
/** Bits of a folder's mode. */
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;

/** Finds out where an endpoint is. @throws `COC_SOCKET_ENDPOINT` */
export async function placeOf(endpoint: string): Promise<Place> {
  const [, path] = /^unix:\/\/(\/.+)$/.exec(endpoint) ?? [];
  if (path !== undefined) {
    const length = Buffer.byteLength(path);
    if (length > PATH_LIMIT) {
      throw endpointError(endpoint, `its path has ${length} bytes, a Unix socket's ${PATH_LIMIT} at the most`);
    }
    return { listen: { path }, path };
  }
  const [, bracketed, plain, digits] = /^tcp:\/\/(?:\[(.+)\]|([^/:]+)):(\d+)$/.exec(endpoint) ?? [];
  const port = Number(digits);
  if (port > 65_535) throw endpointError(endpoint, "a port is 0 to 65535");
  try {
    const host = await resolveHost(bracketed ?? plain ?? "");
    return { listen: { port, ...(host !== undefined && { host }) }, path: undefined };
  } catch (error) {
    throw endpointError(endpoint, messageOf(error), error);
  }
}

/** The endpoint that a server listens on really. */
export function realEndpoint(server: Server, { path, listen }: Place): string {
  const address = server.address();
  if (path !== undefined || address === null || typeof address === "string") return `unix://${path}`;
  const host = listen.host === undefined ? "*" : address.address;
  return `tcp://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
}

/**
 * Listens. A Unix socket's file that nobody listens on any more is removed first; no other file is.
 *
 * @throws `COC_SOCKET_ADDRESS_IN_USE`, `COC_SOCKET_ENDPOINT`
 */
export async function bind(
  server: Server,
  endpoint: string,
  place: Place,
  backlog: number,
  mode: string,
): Promise<void> {
  const { path } = place;
  if (path !== undefined) await checkFolder(endpoint, dirname(path));
  try {
    try {
      await listen(server, { ...place.listen, backlog });
    } catch (error) {
      if (path === undefined || codeOf(error) !== "EADDRINUSE" || !(await isStale(path))) throw error;
      await unlink(path);
      await listen(server, { ...place.listen, backlog });
    }
    if (path !== undefined) await chmod(path, Number.parseInt(mode, 8));
  } catch (cause) {
    if (codeOf(cause) !== "EADDRINUSE") throw endpointError(endpoint, messageOf(cause), cause);
    const remedy = "end the program that has it, or change the task's endpoint";
    throw createError("COC_SOCKET_ADDRESS_IN_USE", `The endpoint ${endpoint} is taken: ${remedy}`, { cause });
  }
}

function listen(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** In a folder that anybody may rename files in, anybody could take the place of the socket. */
async function checkFolder(endpoint: string, folder: string): Promise<void> {
  const found = await stat(folder).catch((cause: unknown) => {
    throw endpointError(endpoint, `the folder ${folder} cannot be used: ${messageOf(cause)}`, cause);
  });
  if ((found.mode & OTHERS_WRITE) === 0 || (found.mode & STICKY) !== 0) return;
  throw endpointError(endpoint, `others may write in the folder ${folder}, and take the socket's place: chmod o-w it`);
}

/** Whether a file is a socket that refuses connections, since nobody listens on it. */
async function isStale(path: string): Promise<boolean> {
  const file = await lstat(path).catch(() => undefined);
  if (file?.isSocket() !== true) return false;
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(false);
    });
    // Any other failure, such as a backlog that is full, is one of a socket that lives.
    probe.once("error", (error) => resolve(codeOf(error) === "ECONNREFUSED"));
  });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function endpointError(endpoint: string, why: string, cause?: unknown): CocaineError {
  const remedy =
    "give tcp://<interface, address or *>:<port> of this machine, with a port that may be opened, or unix://<path> in a folder that can be written to";
  return createError("COC_SOCKET_ENDPOINT", `The endpoint ${endpoint} cannot be bound (${why}): ${remedy}`, { cause });
}
