import type { Socket } from "node:net";
import { type CocaineError, createError, messageOf } from "@cocaine/core/plugin";
import type { SocketContext } from "../definition.ts";
import { Answer } from "./answer.ts";
import type { RawOptions } from "./driver.ts";
import { type Framing, framed, Splitter } from "./framing.ts";

/** Messages of one connection that have no answer yet, before no more is read. */
const PIPELINE = 64;

/**
 * The messages of one connection, each a job. Answers go back in the order of the messages. It is `reading`; `ending`
 * when nothing more is taken and it ends with its last answer; `over`.
 */
export class Messages {
  readonly #socket: Socket;
  readonly #context: SocketContext<RawOptions>;
  readonly #framing: Framing;
  readonly #splitter: Splitter;
  /** Whole messages that are no jobs yet, and last of all what was none. */
  readonly #waiting: (Buffer | CocaineError)[] = [];
  /** Jobs without an answer on the wire, in their order. */
  readonly #answers: Answer[] = [];
  #state: "reading" | "ending" | "over" = "reading";
  #turning = false;

  constructor(socket: Socket, context: SocketContext<RawOptions>, framing: Framing) {
    this.#socket = socket;
    this.#context = context;
    this.#framing = framing;
    this.#splitter = new Splitter(framing, context.options["max-message"]);
  }

  begin(): void {
    const socket = this.#socket;
    socket.on("data", (chunk: Buffer) => this.#received(chunk));
    socket.on("end", () => this.#ended());
    socket.on("drain", () => this.#drained());
    socket.on("close", () => this.#leave());
    this.#context.closing.addEventListener("abort", this.#last);
  }

  /** An answer is whole: all that are at the front go out. */
  #answered(): void {
    while (this.#answers[0]?.done) this.#send(this.#answers.shift() as Answer);
    void this.#turn();
    this.#flow();
    this.#settle();
  }

  #received(chunk: Buffer): void {
    if (this.#state !== "reading") return;
    try {
      this.#splitter.take(chunk, this.#waiting);
    } catch (error) {
      // What was understood is answered, then it ends.
      this.#waiting.push(createError("COC_SOCKET_MESSAGE", messageOf(error)));
      this.#last();
    }
    void this.#turn();
    this.#flow();
  }

  /** The client takes its answers again. */
  #drained(): void {
    void this.#turn();
    this.#flow();
  }

  /** Makes jobs of what waits, as far as there may be more. */
  async #turn(): Promise<void> {
    if (this.#turning) return;
    this.#turning = true;
    while (this.#waiting.length > 0 && this.#answers.length < PIPELINE && !this.#socket.writableNeedDrain) {
      await this.#context.ready();
      const message = this.#waiting.shift();
      if (message !== undefined && !this.#over) this.#trigger(message);
    }
    this.#turning = false;
    this.#flow();
    this.#settle();
  }

  get #over(): boolean {
    return this.#state === "over";
  }

  #trigger(message: Buffer | CocaineError): void {
    const { trigger, peer, options } = this.#context;
    const answer = new Answer(options["max-message"], () => this.#answered());
    this.#answers.push(answer);
    if (message instanceof Error) answer.fail(message);
    else answer.run(trigger({ chunk: message, metadata: { socket: peer } }, answer));
  }

  #send({ chunks, size, error }: Answer): void {
    if (this.#over) return;
    if (error === undefined) {
      this.#socket.cork();
      for (const piece of framed(this.#framing, chunks, size)) this.#socket.write(piece);
      process.nextTick(() => this.#socket.uncork());
    } else this.#failed(error);
  }

  #failed(error: CocaineError): void {
    const { log, options } = this.#context;
    log[error.code === "COC_JOB_FAILED" ? "error" : "debug"]({ code: error.code }, error.message);
    if (options["on-error"] === "close") {
      this.#state = "over";
      return this.#socket.destroySoon();
    }
    const { code, message } = error;
    const chunk = Buffer.from(JSON.stringify({ error: { code, message } }));
    for (const piece of framed(this.#framing, [chunk], chunk.length)) this.#socket.write(piece);
  }

  /** The client sends no more. */
  #ended(): void {
    if (this.#state !== "reading") return;
    const rest = this.#splitter.rest();
    if (rest !== undefined) this.#waiting.push(rest);
    else if (this.#splitter.incomplete) this.#context.log.debug({}, "A client ended in the middle of a message");
    this.#state = "ending";
    void this.#turn();
    this.#settle();
  }

  /** reading → ending. */
  readonly #last = (): void => {
    if (this.#state !== "reading") return;
    this.#state = "ending";
    this.#settle();
  };

  /** ending → over, when all is answered. */
  #settle(): void {
    if (this.#state !== "ending" || this.#waiting.length > 0 || this.#answers.length > 0 || this.#turning) return;
    this.#state = "over";
    this.#socket.end();
  }

  /** The client is gone. */
  #leave(): void {
    this.#state = "over";
    this.#context.closing.removeEventListener("abort", this.#last);
    this.#waiting.length = 0;
    for (const answer of this.#answers.splice(0)) answer.cancel("the client went away");
  }

  /** Reads on, unless there is enough to do, or the client takes none of its answers. */
  #flow(): void {
    if (this.#waiting.length >= PIPELINE || this.#socket.writableNeedDrain) this.#socket.pause();
    else this.#socket.resume();
  }
}
