import { randomBytes } from "node:crypto";
import { createError } from "@cocaine/core/plugin";
import type { AnswerName, InputOf, ItemOf, ResultOf, StreamName } from "../actions.ts";
import type { AnswerKind, Header, WireError } from "../wire.ts";
import { createIncoming, type Pending } from "./incoming.ts";

/** Runs actions on a node. */
export interface AdminClient {
  /**
   * Finds the node.
   *
   * @throws `COC_ADMIN_UNREACHABLE` if none is there, and what the way to it may throw.
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

/** What a transport tells of the node. */
export interface TransportOwner {
  /** An answer to a request; of `bytes` the value is bytes. */
  answer(id: string, kind: AnswerKind, value: unknown): void;
  /** One request fails. */
  failed(id: string, error: Error): void;
  /** All fail, those to come too. */
  lost(error: Error): void;
}

/** Carries requests to a node and answers back. */
export interface Transport {
  /** Bytes of a request's body at the most. */
  readonly bodyLimit: number;
  start(owner: TransportOwner): Promise<void>;
  send(id: string, header: Header, body?: Uint8Array): void;
  close(): Promise<void>;
}

/** Makes a client over a transport. */
export function createAdminClient(transport: Transport): AdminClient {
  const pending = new Map<string, Pending>();
  let lost: Error | undefined;

  const owner: TransportOwner = {
    answer(id, kind, value) {
      const request = pending.get(id);
      if (request === undefined) return;
      if (kind === "bytes" || kind === "item") return request.item(value);
      pending.delete(id);
      if (kind === "error") request.fail(thrown(value as WireError));
      else request.end(value);
    },
    failed(id, error) {
      pending.get(id)?.fail(error);
      pending.delete(id);
    },
    lost(error) {
      lost ??= error;
      for (const request of pending.values()) request.fail(lost);
      pending.clear();
    },
  };

  function send(action: string, input: unknown, body: Uint8Array | undefined, request: Pending): string {
    const id = randomBytes(16).toString("base64url");
    const size = body?.byteLength ?? 0;
    if (lost !== undefined) request.fail(lost);
    else if (size > transport.bodyLimit) request.fail(tooLarge(size, transport.bodyLimit));
    else {
      pending.set(id, request);
      transport.send(id, { action, input }, body);
    }
    return id;
  }

  return {
    start: () => transport.start(owner),
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
          if (pending.has(id)) transport.send(id, { credit: batch.length });
        }
      } finally {
        if (pending.delete(id)) transport.send(id, { cancel: true });
      }
    },
    close: () => transport.close(),
  };
}

/** An error of the node, as it was there. */
function thrown({ code, message, details }: WireError): Error {
  return createError(code, message, { details });
}

function tooLarge(size: number, limit: number): Error {
  const message = `the request has ${size} bytes and this endpoint of the node takes ${limit}: send large ones to the task's own endpoint`;
  return createError("COC_ADMIN_INPUT", message);
}
