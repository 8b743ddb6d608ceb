import { createRouter, type Peer } from "@cocaine/zmtp";

/** The side of a worker that its connection is given to. */
export interface Connected {
  connected(peer: Peer): void;
  received(frames: Uint8Array[]): void;
  disconnected(): void;
}

/** The Unix socket that the workers of one app connect to. */
export interface Bus {
  bind(endpoint: string): Promise<void>;
  /** From now on a connection with this identity is this worker's: one, once. */
  expect(identity: string, worker: Connected): void;
  /** The worker is gone: if it has not connected yet, nobody may in its place. */
  forget(identity: string): void;
  close(): Promise<void>;
}

/** @param onRefused - told of connections that were turned away: their identity is no worker's, or was used already. */
export function createBus(onRefused: (error: Error) => void): Bus {
  const expected = new Map<string, Connected>();

  const router = createRouter({
    accept(routingId) {
      return expected.has(nameOf(routingId));
    },
    onRefused(_remote, error) {
      onRefused(error);
    },
    onConnect(peer) {
      const identity = nameOf(peer.routingId);
      const worker = expected.get(identity);
      if (worker === undefined) return peer.close();
      expected.delete(identity);
      peer.data = worker;
      worker.connected(peer);
    },
    onMessage(peer, frames) {
      workerOf(peer)?.received(frames);
    },
    onDisconnect(peer) {
      workerOf(peer)?.disconnected();
    },
  });

  return {
    async bind(endpoint) {
      await router.bind(endpoint);
    },
    expect(identity, worker) {
      expected.set(identity, worker);
    },
    forget(identity) {
      expected.delete(identity);
    },
    close: () => router.close(),
  };
}

function nameOf(routingId: Uint8Array): string {
  return Buffer.from(routingId).toString("latin1");
}

function workerOf(peer: Peer): Connected | undefined {
  return peer.data as Connected | undefined;
}
