import { setTimeout as wait } from "node:timers/promises";
import type { Frame } from "@cocaine/zmtp";
import type { LibzmqLink } from "./libzmq-link.ts";

/** Milliseconds after which a peer that libzmq had no room for is tried again: it does not tell when it has. */
const RETRY = 5;

export interface SenderEvents {
  /** Gives a message to libzmq. */
  send(link: LibzmqLink, frames: readonly Frame[]): Promise<void>;
  /** A message of a link was taken. */
  sent(): void;
  /** The peer is not there any more. */
  lost(link: LibzmqLink): void;
  failed(link: LibzmqLink, error: Error): void;
}

/** Sends what waits for the links of a socket: the addon takes one message at a time. */
export class Sender {
  readonly #events: SenderEvents;
  readonly #waiting = new Set<LibzmqLink>();
  #pump: Promise<void> | undefined;
  #stopped = false;

  constructor(events: SenderEvents) {
    this.#events = events;
  }

  wake(link: LibzmqLink): void {
    this.#waiting.add(link);
    this.#pump ??= this.#run();
  }

  /** Sends what waits, for so many milliseconds at the most. */
  async stop(milliseconds: number): Promise<void> {
    const patience = new AbortController();
    const over = wait(milliseconds, undefined, { signal: patience.signal }).catch(() => undefined);
    await Promise.race([this.#pump, over]);
    patience.abort();
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    while (this.#waiting.size > 0 && !this.#stopped) {
      let progress = false;
      for (const link of this.#waiting) if (await this.#drain(link)) progress = true;
      if (!progress && this.#waiting.size > 0) await wait(RETRY);
    }
    this.#pump = undefined;
  }

  /** @returns whether anything was sent, or given up. */
  async #drain(link: LibzmqLink): Promise<boolean> {
    let progress = false;
    for (let frames = link.first; frames !== undefined && !this.#stopped; frames = link.first) {
      const outcome = await this.#send(link, frames);
      if (outcome === "full") return progress;
      progress = true;
      if (outcome === "lost") break;
      // Whoever is told of it may have cleared the link.
      if (link.first === frames) link.shift();
      this.#events.sent();
    }
    this.#waiting.delete(link);
    return progress;
  }

  async #send(link: LibzmqLink, frames: readonly Frame[]): Promise<"sent" | "full" | "lost"> {
    try {
      await this.#events.send(link, frames);
      return "sent";
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (this.#stopped) return "lost";
      if (code === "EAGAIN") return "full";
      if (code === "EHOSTUNREACH") this.#events.lost(link);
      else this.#events.failed(link, error as Error);
      return "lost";
    }
  }
}
