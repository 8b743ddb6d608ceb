import { z } from "@cocaine/core/plugin";

const endpoint = z
  .string()
  .regex(
    /^(tcp:\/\/.+:\d+|ipc:\/\/\/.+)$/,
    "tcp://<interface, address or *>:<port> (port 0: any free one) or ipc://<absolute path>",
  );

/** Schema of an option that says where a socket binds or connects: one endpoint or a list; its value is the list. */
export const zmqEndpoints = z
  .union([endpoint.transform((one) => [one]), z.array(endpoint).nonempty()])
  .describe("one endpoint or a list of them");
