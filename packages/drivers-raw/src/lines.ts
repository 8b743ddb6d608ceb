import type { Socket } from "node:net";
import { Splitter } from "./raw/framing.ts";

/**
 * The lines of a client, one by one, without their ends: a line feed, and a return before it. What comes behind the last
 * end is a line, too.
 *
 * @param limit - bytes of one line.
 * @throws Error where a line is longer: an endless one must not grow the server.
 */
export async function* lines(socket: Socket, limit: number): AsyncGenerator<Buffer> {
  const splitter = new Splitter("line", limit);
  for await (const chunk of socket) {
    const whole: Buffer[] = [];
    splitter.take(chunk as Buffer, whole);
    yield* whole;
  }
  const rest = splitter.rest();
  if (rest !== undefined) yield rest;
}
