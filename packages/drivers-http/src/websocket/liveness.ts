import type { WebSocket } from "ws";

/** Asks a client for a sign of life, again and again, and ends the WebSocket of one that has given none since. */
export class Liveness {
  #alive = true;
  readonly #timer: NodeJS.Timeout | undefined;

  /** @param seconds - from one ping to the next; 0: none. */
  constructor(webSocket: WebSocket, seconds: number) {
    if (seconds === 0) return;
    const check = () => {
      if (!this.#alive) return webSocket.terminate();
      this.#alive = false;
      webSocket.ping();
    };
    webSocket.on("pong", () => this.sign());
    this.#timer = setInterval(check, seconds * 1000).unref();
  }

  /** The client lives. */
  sign(): void {
    this.#alive = true;
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
