import type { BundleTarget } from "@cocaine/bundles";
import type { Host } from "@cocaine/core";
import type { z } from "@cocaine/core/plugin";
import type { Keys } from "./keys/keys.ts";
import type { Caller, Role } from "./keys/roles.ts";
import type { LogBook } from "./logbook.ts";

/** What an action works on. */
export interface Node {
  readonly host: Host;
  readonly logs: LogBook;
  /** Where code bundles are uploaded to. @defaultValue none: they are refused */
  readonly bundles?: BundleTarget;
  /** Keys of remote administration. */
  readonly keys: Keys;
}

/** What comes with a request beside its input. */
export interface ActionRequest {
  /** Bytes that came with the request, such as what `call` gives to the job. */
  readonly body?: Uint8Array | undefined;
  /** Aborted when the client goes away or cancels. */
  readonly signal: AbortSignal;
  /** Who asks. */
  readonly caller: Caller;
}

/** An action that is answered once. */
export interface AnswerAction<Name extends string = string, Input = unknown, Result = unknown> {
  readonly kind: "answer";
  readonly name: Name;
  /** What a caller must be, at least. */
  readonly role: Role;
  /** Checks the input as it comes from outside. */
  readonly input: z.ZodType<Input>;
  /** Does it. Rejects with the error that the client gets. */
  run(node: Node, input: Input, request: ActionRequest): Promise<Result>;
}

/** An action that is answered by a stream of items. */
export interface StreamAction<Name extends string = string, Input = unknown, Item = unknown> {
  readonly kind: "stream";
  readonly name: Name;
  /** What a caller must be, at least. */
  readonly role: Role;
  /** Checks the input as it comes from outside. */
  readonly input: z.ZodType<Input>;
  /** Opens the stream: bytes (`Uint8Array`) or JSON values. Its end, its error and an aborted signal end it. */
  open(node: Node, input: Input, request: ActionRequest): AsyncIterable<Item>;
}

export type Action = AnswerAction | StreamAction;

/** Declares an action that is answered once; the type of its input comes from its schema. */
export function answerAction<Name extends string, Input, Result>(
  action: Omit<AnswerAction<Name, Input, Result>, "kind">,
): AnswerAction<Name, Input, Result> {
  return { kind: "answer", ...action };
}

/** Declares an action that is answered by a stream. */
export function streamAction<Name extends string, Input, Item>(
  action: Omit<StreamAction<Name, Input, Item>, "kind">,
): StreamAction<Name, Input, Item> {
  return { kind: "stream", ...action };
}
