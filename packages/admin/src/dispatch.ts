import { createError, isCocaineError, messageOf, z } from "@cocaine/core/plugin";
import type { Action, ActionRequest, Node } from "./action.ts";
import { actions } from "./actions.ts";
import { type Caller, suffices } from "./keys/roles.ts";
import type { WireError } from "./wire.ts";

/** A request as a transport has it. */
export interface Request extends ActionRequest {
  readonly action: string;
  readonly input: unknown;
}

/** Where the answer goes: one of `result()`, `end()` and `error()` last, and before them any number of items. */
export interface Reply {
  result(value: unknown): void;
  /** One item of a stream. Resolves when it is sent. */
  item(item: unknown): Promise<void>;
  end(): void;
  error(error: WireError): void;
}

/** Runs the action that a request names. Never rejects: a failure goes to `reply.error()`. */
export async function dispatch(node: Node, request: Request, reply: Reply): Promise<void> {
  try {
    const action = find(request.action);
    require(request.caller, action);
    const input = check(action, request.input);
    if (action.kind === "answer") {
      reply.result((await action.run(node, input, request)) ?? null);
      return;
    }
    for await (const item of action.open(node, input, request)) {
      await reply.item(item);
      if (request.signal.aborted) break;
    }
    reply.end();
  } catch (error) {
    reply.error(wireError(error));
  }
}

function find(name: string): Action {
  const action = (actions as Record<string, Action | undefined>)[name];
  if (action !== undefined && Object.hasOwn(actions, name)) return action;
  const known = Object.keys(actions).join(", ");
  throw createError("COC_ADMIN_ACTION", `there is no action "${name}": this node knows ${known}`);
}

function require({ user, role }: Caller, action: Action): void {
  if (suffices(role, action.role)) return;
  const message = `${user} is ${role}, and "${action.name}" is for those who are ${action.role}: an admin can give the key that role`;
  throw createError("COC_ADMIN_ROLE", message);
}

function check(action: Action, input: unknown): unknown {
  const parsed = action.input.safeParse(input);
  if (parsed.success) return parsed.data;
  const message = `input of the action "${action.name}" is not valid: ${z.prettifyError(parsed.error)}`;
  throw createError("COC_ADMIN_INPUT", message, { details: { issues: parsed.error.issues } });
}

/** An error as it goes over a wire. */
function wireError(error: unknown): WireError {
  if (!isCocaineError(error)) return { code: "COC_ADMIN_FAILED", message: `the action failed: ${messageOf(error)}` };
  const { code, message, details } = error;
  return details === undefined ? { code, message } : { code, message, details };
}
