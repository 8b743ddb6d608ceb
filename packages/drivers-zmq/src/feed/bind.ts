import { createError, messageOf } from "@cocaine/core/plugin";
import type { XPublisher } from "zeromq";
import { isListening } from "../socket/probe.ts";

/** Binds the socket, or closes it and rejects with an error that says what to do. Resolves to the real endpoint. */
export async function bindPublisher(socket: XPublisher, endpoint: string): Promise<string> {
  try {
    await refuseTakenPath(endpoint);
    await socket.bind(endpoint);
    return socket.lastEndpoint ?? endpoint;
  } catch (error) {
    socket.close();
    throw bindError(endpoint, error);
  }
}

function bindError(endpoint: string, cause: unknown): Error {
  if (cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE") {
    const message = `The feed's endpoint ${endpoint} is taken: end the program that has it, or change pubsub.endpoint`;
    return createError("COC_FEED_ADDRESS_IN_USE", message, { cause });
  }
  const why = messageOf(cause);
  const message = `The feed cannot bind ${endpoint} (${why}): pubsub.endpoint is tcp://<interface, address or *>:<port>, or ipc://<path> in a folder that can be written to`;
  return createError("COC_FEED_ENDPOINT", message, { cause });
}

/** libzmq takes the path of an `ipc://` endpoint from whoever listens there; a feed must not. */
async function refuseTakenPath(endpoint: string): Promise<void> {
  if (!endpoint.startsWith("ipc:///") || !(await isListening(endpoint))) return;
  throw Object.assign(new Error("Another program listens there"), { code: "EADDRINUSE" });
}
