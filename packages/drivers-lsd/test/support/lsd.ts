import { onTestFinished } from "vitest";
import { python } from "./programs.ts";

/** What comes back: the head, and a chunk if it is one. */
export interface Reply {
  readonly uuid: string;
  readonly completed?: boolean;
  readonly code?: number;
  readonly message?: string;
  readonly chunk?: string;
}

/** A client on pyzmq that sends what a test says; for CURVE, with the keys that `lsd.py` takes. */
export function connect(endpoint: string, ...keys: string[]) {
  const client = python("lsd.py", endpoint, ...keys);
  onTestFinished(() => client.kill());
  const raw = async () => JSON.parse(await client.line()) as string[];
  const next = async (): Promise<Reply> => {
    const [delimiter, head = "", chunk, ...rest] = await raw();
    if (delimiter !== "" || rest.length > 0) throw new Error(`not a reply: ${[delimiter, head, chunk, ...rest]}`);
    return { ...JSON.parse(head), ...(chunk !== undefined && { chunk }) };
  };
  return {
    send: (...frames: string[]) => client.tell(JSON.stringify(frames)),
    /** Sends one pair. */
    ask: (uuid: string, body = "", policy: Readonly<Record<string, unknown>> = {}) =>
      client.tell(JSON.stringify(["", envelope(uuid, policy), body])),
    raw,
    next,
    /** All up to the end of a request, or its error. */
    async all(): Promise<Reply[]> {
      const replies: Reply[] = [];
      for (;;) {
        const reply = await next();
        replies.push(reply);
        if (reply.completed === true || reply.code !== undefined) return replies;
      }
    },
    pid: client.process.pid as number,
    kill: () => client.kill(),
  };
}

export function envelope(uuid: string, policy: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ uuid, urgent: false, mailboxed: false, timeout: 0, deadline: 0, ...policy });
}
