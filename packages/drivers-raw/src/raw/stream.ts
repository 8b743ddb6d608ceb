import type { Socket } from "node:net";
import type { JobHandle } from "@cocaine/core/plugin";
import type { SocketContext } from "../definition.ts";
import type { RawOptions } from "./driver.ts";

/** Runs a connection as one job: what comes is its request, what it answers goes back, each side as fast as the other. */
export async function streamConnection(socket: Socket, context: SocketContext<RawOptions>): Promise<void> {
  const { log, peer } = context;
  let handle: JobHandle | undefined;
  let ended = false;
  await context.ready();
  if (socket.destroyed) return;
  const over = new Promise<void>((resolve) => {
    const finish = () => {
      ended = true;
      resolve();
    };
    handle = context.trigger(
      { end: false, metadata: { socket: peer } },
      {
        write: (chunk) => socket.write(chunk),
        end: finish,
        fail(error) {
          log[error.code === "COC_JOB_FAILED" ? "error" : "debug"]({ code: error.code }, error.message);
          context.cut();
          finish();
        },
        drain: () => void socket.resume(),
      },
    );
    socket.on("data", (chunk: Buffer) => {
      if (!ended && handle?.write(chunk) === false) socket.pause();
    });
    // While it waited, a client that sends nothing may have sent its end.
    if (socket.readableEnded) handle.end();
    else socket.on("end", () => ended || handle?.end());
    socket.on("drain", () => ended || handle?.resume());
    // A connection is a job all the time: that one runs does not keep it.
    socket.on("timeout", () => socket.destroy());
    socket.on("close", () => {
      if (ended) return;
      handle?.cancel("the client went away");
      finish();
    });
  });
  await over;
}
