import type { MessagePort } from "node:worker_threads";
import { BatchWriter, readBatch, type ThreadPort } from "@cocaine/core/plugin";
import { HEADER, type Link, type LinkEvents, writeHeader } from "./link.ts";

/** Bytes that leave before the turn ends, so that the engine works on them meanwhile. */
const ENOUGH = 8_192;

/** Talks to the engine from a thread: the messages of one turn of the loop are posted as one batch. */
export function openPort(port: MessagePort, engine: ThreadPort, events: LinkEvents): Link {
  const batch = new BatchWriter();
  const header = Buffer.alloc(HEADER);

  function flush(): void {
    if (batch.length > 0) engine.post(batch.take());
  }

  port.on("message", (message: ArrayBuffer) => readBatch(message, events.onMessage));
  return {
    send(code, flags, job, ...frames) {
      if (batch.length === 0) process.nextTick(flush);
      writeHeader(header, code, flags, job);
      batch.add([header, ...frames]);
      if (batch.length >= ENOUGH) flush();
    },
    async close() {
      flush();
      port.close();
    },
  };
}
