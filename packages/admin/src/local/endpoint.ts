import { createConnection } from "node:net";
import { createError } from "@cocaine/core/plugin";

/** Longest path of a Unix socket that every system takes, in bytes. */
const PATH_LIMIT = 103;

/**
 * Checks the path of a control socket.
 *
 * @throws `COC_ADMIN_PATH` if it is too long for a Unix socket.
 */
export function endpointOf(path: string): string {
  const length = Buffer.byteLength(path);
  if (length <= PATH_LIMIT) return `ipc://${path}`;
  const message = `the path of the control socket, ${path}, has ${length} bytes and a Unix socket takes ${PATH_LIMIT}: choose a shorter runtime folder`;
  throw createError("COC_ADMIN_PATH", message);
}

/** Whether a process listens on the socket; the error is the reason why none does. */
export function probe(path: string): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once("error", resolve);
  });
}
