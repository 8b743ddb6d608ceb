import { chmod } from "node:fs/promises";
import { dirname } from "node:path";
import { type Logger, messageOf } from "@cocaine/core/plugin";
import { createRouter, type Peer } from "@cocaine/zmtp";
import type { Node } from "../action.ts";
import { dispatch } from "../dispatch.ts";
import { localCaller } from "../keys/roles.ts";
import { createSession, type Session } from "../session/session.ts";
import { decodeRequest, encodeAnswer } from "../wire.ts";
import { socketError } from "./failure.ts";
import { ownFolder } from "./folder.ts";

/** The control endpoint of a node for the programs of the same machine and user. */
export interface LocalServer {
  /**
   * Opens the endpoint. A socket that a killed server left is replaced.
   *
   * @throws `COC_ADMIN_RUNNING` if a server listens there already; `COC_ADMIN_SOCKET` if it cannot be bound;
   * `COC_ADMIN_FOLDER` if others can read or write its folder, or it cannot be made.
   */
  start(): Promise<void>;
  /** Closes the endpoint; streams that run end. May be called twice. */
  close(): Promise<void>;
}

export interface LocalServerOptions extends Node {
  /** Absolute path of the socket, in a folder of mode 0711 or 0700, which is made if it is not there. */
  readonly path: string;
  readonly log: Logger;
}

/** Makes the control endpoint. Whoever may write to its socket, of mode 0600, may do everything. */
export function createLocalServer({ path, log, ...node }: LocalServerOptions): LocalServer {
  const clients = new Map<Peer, Map<string, Session>>();

  const router = createRouter({
    onConnect: (peer) => clients.set(peer, new Map()),
    onDisconnect(peer) {
      for (const session of clients.get(peer)?.values() ?? []) session.cancel();
      clients.delete(peer);
    },
    onMessage(peer, frames) {
      const sessions = clients.get(peer);
      if (sessions === undefined) return;
      try {
        handle(peer, sessions, frames);
      } catch (error) {
        log.warn({ err: messageOf(error) }, "A client of the control endpoint was disconnected");
        peer.close();
      }
    },
  });

  function handle(peer: Peer, sessions: Map<string, Session>, frames: readonly Uint8Array[]): void {
    const { id, header, body } = decodeRequest(frames);
    if ("credit" in header) return sessions.get(id)?.credit(header.credit);
    if ("cancel" in header) return sessions.get(id)?.cancel();
    const session = createSession((kind, value) => void peer.send(encodeAnswer(id, kind, value)));
    sessions.set(id, session);
    const { action, input } = header;
    log.debug({ action }, "Administration");
    const request = { action, input, body, signal: session.signal, caller: localCaller };
    void dispatch(node, request, session.reply).then(() => sessions.delete(id));
  }

  return {
    async start() {
      await ownFolder(dirname(path));
      await router.bind(`ipc://${path}`).catch((error: unknown) => {
        throw socketError(path, error);
      });
      await chmod(path, 0o600);
    },
    async close() {
      for (const sessions of clients.values()) for (const session of sessions.values()) session.cancel();
      await router.close();
    },
  };
}
