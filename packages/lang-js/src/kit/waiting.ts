import { Control, THREAD_WINDOW } from "@cocaine/core/plugin";

/** Counts what is about to be posted, and waits as a full pipe makes one wait while too much has not been taken. */
export function awaitRoom(places: Int32Array, bytes: number): void {
  let waiting = Atomics.load(places, Control.WAITING);
  while (waiting > THREAD_WINDOW) {
    Atomics.wait(places, Control.WAITING, waiting);
    waiting = Atomics.load(places, Control.WAITING);
  }
  Atomics.add(places, Control.WAITING, bytes);
}
