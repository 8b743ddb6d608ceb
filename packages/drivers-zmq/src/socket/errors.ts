import { type CocaineError, createError, messageOf } from "@cocaine/core/plugin";

/** Says what to do about an endpoint that could not be bound or connected. */
export function endpointError(task: string, endpoint: string, cause: unknown): CocaineError {
  if (isTaken(cause)) {
    return createError(
      "COC_ZMQ_ADDRESS_IN_USE",
      `The endpoint ${endpoint} of task "${task}" is taken: end the program that has it, or change the task's endpoint`,
      { cause },
    );
  }
  return createError(
    "COC_ZMQ_ENDPOINT",
    `The endpoint ${endpoint} of task "${task}" cannot be bound or connected (${messageOf(cause)}): the endpoint is tcp://<interface, address or *>:<port>, or ipc://<absolute path> in a folder that can be written to`,
    { cause },
  );
}

function isTaken(cause: unknown): boolean {
  if (!(cause instanceof Error && "code" in cause)) return false;
  return cause.code === "COC_ZMTP_ADDRESS_IN_USE" || cause.code === "EADDRINUSE";
}
