import { Dealer, Request } from "zeromq";
import { afterwards } from "./serve.ts";

/** A REQ socket of libzmq. */
export function request(endpoint: string, options: ConstructorParameters<typeof Request>[0] = {}): Request {
  const socket = new Request({ linger: 0, ...options });
  afterwards(() => socket.close());
  socket.connect(endpoint);
  return socket;
}

/** A DEALER socket of libzmq. */
export function dealer(endpoint: string, options: ConstructorParameters<typeof Dealer>[0] = {}): Dealer {
  const socket = new Dealer({ linger: 0, ...options });
  afterwards(() => socket.close());
  socket.connect(endpoint);
  return socket;
}

/** The next message, its frames as text. */
export async function receive(socket: Dealer | Request): Promise<string[]> {
  return (await socket.receive()).map(String);
}
