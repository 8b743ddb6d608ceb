import { z } from "@cocaine/core/plugin";
import { socketOptions } from "../options.ts";
import { socketDriver } from "../socket-driver.ts";
import { Messages } from "./messages.ts";
import { streamConnection } from "./stream.ts";

const MIB = 1024 * 1024;

const rawOptions = z.strictObject({
  ...socketOptions,
  /** What is a job: a connection (`none`), a line, or a message behind its length. */
  framing: z.enum(["none", "line", "length"]).default("none"),
  /** Bytes of one message, and of one answer. */
  "max-message": z
    .int()
    .positive()
    .max(256 * MIB)
    .default(MIB),
  /** What a client hears of a job that failed: its connection is closed, or it has JSON `{"error": {code, message}}`. */
  "on-error": z.enum(["close", "reply"]).default("close"),
});

export type RawOptions = z.output<typeof rawOptions>;

/** Makes the driver `server+raw`: bytes, lines or messages on TCP and Unix sockets. */
export function rawServerDriver() {
  return socketDriver({
    name: "server+raw",
    options: rawOptions,
    // There is no way to say that the queue is full; a connection that is the job may be silent for as long as it likes.
    policy: ({ framing }) => ({ overflow: "block", "stall-timeout": framing === "none" ? 0 : 60 }),
    onConnection(socket, context) {
      if (context.options.framing === "none") return streamConnection(socket, context);
      new Messages(socket, context, context.options.framing).begin();
      return undefined;
    },
  });
}
