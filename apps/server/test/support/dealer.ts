import { onTestFinished } from "vitest";
import { Dealer } from "zeromq";

/** What came back for a message: the echo, or an error. */
export interface Answer {
  readonly text: string | undefined;
  readonly error: { readonly code: string; readonly message: string } | undefined;
  /** Monotonic milliseconds. */
  readonly at: number;
}

/** A DEALER of libzmq that sends numbered messages and keeps so many under way. */
export interface NumberedClient {
  /** Sends `count` messages; resolves with all answers, in the order they came. */
  send(count: number, window: number, onAnswer?: (answered: number) => void): Promise<Answer[]>;
}

export function connectClient(endpoint: string): NumberedClient {
  const socket = new Dealer({ sendHighWaterMark: 0, receiveHighWaterMark: 0, linger: 0 });
  socket.connect(endpoint);
  onTestFinished(() => socket.close());
  let number = 0;
  return {
    async send(count, window, onAnswer) {
      const answers: Answer[] = [];
      let sent = 0;
      const next = () => {
        sent++;
        number++;
        return socket.send(["", String(number).padStart(8, "0")]);
      };
      while (sent < Math.min(window, count)) await next();
      while (answers.length < count) {
        const frames = await socket.receive();
        answers.push(readAnswer(frames));
        onAnswer?.(answers.length);
        if (sent < count) await next();
      }
      return answers;
    },
  };
}

/** A reply is the delimiter and the chunks; a failure begins with one more empty frame. */
function readAnswer([, first, ...rest]: Buffer[]): Answer {
  const at = performance.now();
  if (first !== undefined && first.length === 0 && rest.length > 0) {
    return { text: undefined, error: JSON.parse(String(rest[0])) as Answer["error"], at };
  }
  return { text: String(first), error: undefined, at };
}
