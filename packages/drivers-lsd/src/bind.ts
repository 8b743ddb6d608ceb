import { type CocaineError, createError, messageOf } from "@cocaine/core/plugin";
import { ZmtpError } from "@cocaine/zmtp";

/** Says what to do about an endpoint that could not be bound. */
export function bindError(task: string, endpoint: string, cause: unknown): CocaineError {
  if (cause instanceof ZmtpError && cause.code === "COC_ZMTP_ADDRESS_IN_USE") {
    return createError(
      "COC_LSD_ADDRESS_IN_USE",
      `The endpoint ${endpoint} of task "${task}" is taken: end the program that has it, or change the task's endpoint`,
      { cause },
    );
  }
  return createError(
    "COC_LSD_ENDPOINT",
    `The endpoint ${endpoint} of task "${task}" cannot be bound (${messageOf(cause)}): the endpoint is tcp://<interface, address or *>:<port>, or ipc://<absolute path> in a folder that can be written to`,
    { cause },
  );
}
