import { createDealer, createRouter, type Dealer, type Peer } from "@cocaine/zmtp";
import { onTestFinished } from "vitest";

/** Replies of the node on their way to a client: what it gives is sent on, in that order. */
export type Meddle = (reply: [id: string, token: string], held: [string, string][]) => readonly [string, string][];

/** A proxy between a client and a node. It has no key. */
export async function between(endpoint: string, meddle: Meddle): Promise<string> {
  const nodes = new Map<Peer, Promise<Dealer>>();
  const router = createRouter({
    onConnect(peer) {
      const held: [string, string][] = [];
      const dealer = createDealer({
        reconnect: false,
        onMessage(frames) {
          const [id = "", token = ""] = frames.map((frame) => Buffer.from(frame).toString("latin1"));
          const replies = id === "hello" ? [[id, token] as [string, string]] : meddle([id, token], held);
          for (const reply of replies) peer.send(reply);
        },
      });
      nodes.set(
        peer,
        dealer.connect(endpoint).then(() => dealer),
      );
    },
    onMessage: (peer, frames) => {
      const copies = frames.map((frame) => Uint8Array.from(frame));
      void nodes.get(peer)?.then((dealer) => dealer.send(copies));
    },
  });
  const bound = await router.bind("tcp://127.0.0.1:*");
  onTestFinished(async () => {
    for (const dealer of nodes.values()) await (await dealer).close();
    await router.close();
  });
  return bound;
}
