import type { MessagePort } from "node:worker_threads";
import { Control, THREAD_WINDOW, type ThreadOutput } from "./thread.ts";

/** A kit's way to the engine from a thread. Both wait, as a full pipe makes one wait, while too much is not taken. */
export interface ThreadPort {
  /** Hands over a batch of messages. */
  post(batch: ArrayBuffer): void;
  /** Sends what code wrote to its standard output or error. */
  print(stream: ThreadOutput["stream"], bytes: Uint8Array): void;
}

export function createThreadPort(port: MessagePort, control: SharedArrayBuffer): ThreadPort {
  const places = new Int32Array(control);

  /** Counts what is about to be posted. */
  function awaitRoom(bytes: number): void {
    let waiting = Atomics.load(places, Control.WAITING);
    while (waiting > THREAD_WINDOW) {
      Atomics.wait(places, Control.WAITING, waiting);
      waiting = Atomics.load(places, Control.WAITING);
    }
    Atomics.add(places, Control.WAITING, bytes);
  }

  return {
    post(batch) {
      awaitRoom(batch.byteLength);
      port.postMessage(batch, [batch]);
    },
    print(stream, bytes) {
      awaitRoom(bytes.length);
      // A copy of its own: a view would be sent with all that lies behind it.
      port.postMessage({ stream, bytes: new Uint8Array(bytes) } satisfies ThreadOutput);
    },
  };
}
