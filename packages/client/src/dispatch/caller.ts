import type { CocaineError } from "@cocaine/core/plugin";
import { Call } from "./call.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { Exit } from "./leavable.ts";
import type { CallOptions, DispatchOptions, Policy } from "./policy.ts";

/** What is said of a call that only some wires tell. */
export interface Told {
  readonly mailboxed?: boolean;
}

/** Calls one task on its servers, as far as these are known. */
export interface Caller {
  readonly dispatcher: Dispatcher;
  call(body: Uint8Array | string, options: CallOptions & Told, exit: Exit): AsyncGenerator<Uint8Array, void, undefined>;
}

export interface CallerOptions extends DispatchOptions {
  readonly policy?: (Policy & Told) | undefined;
  warned(error: CocaineError): void;
}

export function createCaller(options: CallerOptions): Caller {
  const { policy: own = {}, lifetime = 60_000, silence = 5000, window = 1_048_576, backlog = 10_000, warned } = options;
  const dispatcher = new Dispatcher({ silence, window, backlog, warned });

  function callOf(body: Uint8Array | string, given: CallOptions & Told): Call {
    const { urgent = own.urgent ?? false, mailboxed = own.mailboxed ?? false } = given;
    const { timeout = own.timeout ?? 0, maxRetries = own.maxRetries ?? 10 } = given;
    const deadline = given.deadline ?? (lifetime > 0 ? Date.now() + lifetime : Number.POSITIVE_INFINITY);
    const policy = { urgent, mailboxed, timeout, maxRetries, ...(given.onRestart && { onRestart: given.onRestart }) };
    return new Call(typeof body === "string" ? Buffer.from(body) : body, policy, deadline);
  }

  return {
    dispatcher,
    async *call(body, given, exit) {
      const { signal } = given;
      const call = callOf(body, given);
      exit.leave = () => dispatcher.drop(call);
      const aborted = () => dispatcher.drop(call, signal?.reason);
      signal?.addEventListener("abort", aborted, { once: true });
      try {
        dispatcher.submit(call);
        for (let chunk = await call.next(); chunk !== undefined; chunk = await call.next()) yield chunk;
      } finally {
        signal?.removeEventListener("abort", aborted);
        dispatcher.drop(call);
      }
    },
  };
}
