import { createError } from "@cocaine/core/plugin";
import { createDealer } from "@cocaine/zmtp";
import type { AnswerName, InputOf, ItemOf, ResultOf, StreamName } from "../actions.ts";
import { decodeAnswer, encodeRequest, parse, type WireError } from "../wire.ts";
import { socketError } from "./failure.ts";
import { createIncoming, type Pending } from "./incoming.ts";

/** Runs actions on the node of the same machine. */
export interface LocalClient {
  /**
   * Finds the node.
   *
   * @throws `COC_ADMIN_UNREACHABLE` if none listens on the socket; `COC_ADMIN_SOCKET` if it cannot be used.
   */
  start(): Promise<void>;
  /**
   * Runs an action that is answered once. Rejects with the node's error, or `COC_ADMIN_LOST` if the node goes away.
   *
   * @param body - bytes that go with the request.
   */
  call<N extends AnswerName>(action: N, input: InputOf<N>, body?: Uint8Array): Promise<ResultOf<N>>;
  /**
   * Runs an action that is answered by a stream. Leaving the loop cancels it on the node.
   *
   * @param body - bytes that go with the request.
   */
  stream<N extends StreamName>(action: N, input: InputOf<N>, body?: Uint8Array): AsyncIterable<ItemOf<N>>;
  /** Ends all that runs. May be called twice. */
  close(): Promise<void>;
}

export interface LocalClientOptions {
  /** Absolute path of the node's control socket. */
  readonly path: string;
}

/** Bytes of a body at most, well below what the node takes of a message. */
const BODY_LIMIT = 32 * 1024 * 1024;

/** Makes a client of the local control endpoint. */
export function createLocalClient({ path }: LocalClientOptions): LocalClient {
  const pending = new Map<string, Pending>();
  let requests = 0;
  let lost: Error | undefined;

  function receive(frames: readonly Uint8Array[]): void {
    const { id, kind, payload } = decodeAnswer(frames);
    const request = pending.get(id);
    if (request === undefined) return;
    if (kind === "bytes") return request.item(payload);
    if (kind === "item") return request.item(parse(payload));
    pending.delete(id);
    if (kind === "error") request.fail(thrown(parse(payload) as WireError));
    else request.end(parse(payload));
  }

  function fail(error: Error): void {
    lost ??= error;
    for (const request of pending.values()) request.fail(lost);
    pending.clear();
  }

  const dealer = createDealer({
    reconnect: false,
    onMessage(frames) {
      try {
        receive(frames);
      } catch (error) {
        fail(error as Error);
      }
    },
    onDisconnect: () =>
      fail(createError("COC_ADMIN_LOST", `the node at ${path} went away before it had answered: see its log`)),
  });

  function send(action: string, input: unknown, body: Uint8Array | undefined, request: Pending): string {
    const id = String(++requests);
    const size = body?.byteLength ?? 0;
    if (lost !== undefined) request.fail(lost);
    else if (size > BODY_LIMIT) request.fail(tooLarge(size));
    else {
      pending.set(id, request);
      dealer.send(encodeRequest(id, { action, input }, body));
    }
    return id;
  }

  return {
    async start() {
      await dealer.connect(`ipc://${path}`).catch((error: unknown) => {
        throw socketError(path, error);
      });
    },
    call: <N extends AnswerName>(action: N, input: InputOf<N>, body?: Uint8Array) =>
      new Promise<ResultOf<N>>((resolve, reject) => {
        send(action, input, body, {
          item: () => undefined,
          end: (value) => resolve(value as ResultOf<N>),
          fail: reject,
        });
      }),
    async *stream(action, input, body) {
      const inbox = createIncoming();
      const id = send(action, input, body, inbox);
      try {
        for await (const batch of inbox.batches) {
          yield* batch as never[];
          dealer.send(encodeRequest(id, { credit: batch.length }));
        }
      } finally {
        if (pending.delete(id)) dealer.send(encodeRequest(id, { cancel: true }));
      }
    },
    close: () => dealer.close(),
  };
}

/** An error of the node, as it was there. */
function thrown({ code, message, details }: WireError): Error {
  return createError(code, message, { details });
}

function tooLarge(size: number): Error {
  const message = `the request has ${size} bytes and the control endpoint takes ${BODY_LIMIT}: send large ones to the task's own endpoint`;
  return createError("COC_ADMIN_INPUT", message);
}
