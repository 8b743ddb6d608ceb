import { createError } from "@cocaine/core/plugin";
import { createDealer } from "@cocaine/zmtp";
import { type AdminClient, createAdminClient, type Transport } from "../client/client.ts";
import { decodeAnswer, encodeRequest, parse } from "../wire.ts";
import { socketError } from "./failure.ts";

export interface LocalClientOptions {
  /** Absolute path of the node's control socket. */
  readonly path: string;
}

/** Bytes of a body at most, well below what the node takes of a message. */
const BODY_LIMIT = 32 * 1024 * 1024;

/**
 * Makes a client of the control endpoint of a node on the same machine. Its `start()` throws `COC_ADMIN_UNREACHABLE` if
 * none listens on the socket, `COC_ADMIN_SOCKET` if that cannot be used.
 */
export function createLocalClient({ path }: LocalClientOptions): AdminClient {
  return createAdminClient(createLocalTransport(path));
}

function createLocalTransport(path: string): Transport {
  let dealer: ReturnType<typeof createDealer> | undefined;

  return {
    bodyLimit: BODY_LIMIT,
    async start(owner) {
      dealer = createDealer({
        reconnect: false,
        onMessage(frames) {
          try {
            const { id, kind, payload } = decodeAnswer(frames);
            owner.answer(id, kind, kind === "bytes" ? payload : parse(payload));
          } catch (error) {
            owner.lost(error as Error);
          }
        },
        onDisconnect: () =>
          owner.lost(
            createError("COC_ADMIN_LOST", `the node at ${path} went away before it had answered: see its log`),
          ),
      });
      await dealer.connect(`ipc://${path}`).catch((error: unknown) => {
        throw socketError(path, error);
      });
    },
    send: (id, header, body) => void dealer?.send(encodeRequest(id, header, body)),
    close: async () => dealer?.close(),
  };
}
