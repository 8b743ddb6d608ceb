import { setMaxListeners } from "node:events";
import type { Socket } from "node:net";
import { type Driver, type DriverContext, messageOf } from "@cocaine/core/plugin";
import { Connection } from "./connection.ts";
import type { SocketContext, SocketDefinition } from "./definition.ts";
import { createGate } from "./gate.ts";
import { type Listener, openListener } from "./listener.ts";
import type { SocketOptions } from "./options.ts";

/** The driver of one task: its listening socket and its connections. */
export class SocketServer<Options extends SocketOptions> implements Driver {
  readonly #definition: SocketDefinition<Options>;
  readonly #options: Options;
  readonly #context: DriverContext;
  readonly #connections = new Set<Connection>();
  readonly #gate = createGate();
  readonly #closing = new AbortController();
  #listener: Listener | undefined;
  #accepted = 0;
  #closed = false;

  constructor(definition: SocketDefinition<Options>, options: Options, context: DriverContext) {
    this.#definition = definition;
    this.#options = options;
    this.#context = context;
    // Each connection may listen.
    setMaxListeners(0, this.#closing.signal);
  }

  async start(): Promise<void> {
    const listener = await openListener(this.#options, this.#context.log, (socket) => this.#accept(socket));
    this.#listener = listener;
    if (this.#closed) await listener.close();
  }

  pause(): void {
    this.#gate.hold();
  }

  resume(): void {
    this.#gate.release();
  }

  async drain(): Promise<void> {
    const closed = this.#listener?.close();
    this.#closing.abort();
    for (const connection of [...this.#connections]) connection.last();
    await closed;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const closed = this.#listener?.close();
    this.#closing.abort();
    for (const { socket } of [...this.#connections]) socket.destroy();
    await closed;
  }

  info(): Record<string, unknown> {
    const busy = [...this.#connections].filter((connection) => connection.busy).length;
    return {
      endpoint: this.#listener?.endpoint,
      connections: this.#connections.size,
      busy,
      accepted: this.#accepted,
    };
  }

  #accept(socket: Socket): void {
    const connection = new Connection(socket, this.#listener?.path);
    this.#connections.add(connection);
    this.#accepted++;
    // Node's own would destroy the socket at the end of a loop over what comes, and with it what is still to be sent.
    socket[Symbol.asyncIterator] = () => socket.iterator({ destroyOnReturn: false });
    // The close that follows tells all there is.
    socket.on("error", (error) => this.#context.log.debug({ err: error }, messageOf(error)));
    socket.once("close", () => {
      this.#connections.delete(connection);
      connection.leave();
    });
    const idle = this.#options["idle-timeout"] * 1000;
    if (idle > 0) socket.setTimeout(idle, () => this.#still(connection, idle));
    // One that came while the task ended.
    if (this.#closing.signal.aborted) return connection.end();
    void this.#serve(connection);
  }

  async #serve(connection: Connection): Promise<void> {
    const { socket } = connection;
    try {
      const spoken = this.#definition.onConnection(socket, this.#contextOf(connection));
      if (spoken === undefined) return;
      await spoken;
      connection.end();
    } catch (error) {
      // A client that leaves in the middle is no failure of the protocol.
      if (!socket.destroyed) this.#context.log.warn({ err: error }, `A connection was cut: ${messageOf(error)}`);
      connection.cut();
    }
  }

  #contextOf(connection: Connection): SocketContext<Options> {
    const { app, task, log, trigger, call, publish } = this.#context;
    const gate = this.#gate;
    const ready = () => connection.during(gate.pass());
    return {
      app,
      task,
      log,
      options: this.#options,
      peer: connection.peer,
      closing: this.#closing.signal,
      ready,
      cut: () => connection.cut(),
      trigger: (request, sink) => connection.trigger(trigger, request, sink),
      async *call(request) {
        const release = connection.hold();
        try {
          await gate.pass();
          yield* call(request);
        } finally {
          release();
        }
      },
      publish: (request, signal) => connection.during(gate.pass().then(() => publish(request, signal))),
    };
  }

  /** Nothing moved for the idle timeout. A client that waits for its job is waited for; one that takes nothing is not. */
  #still(connection: Connection, idle: number): void {
    const { socket } = connection;
    if (connection.busy && socket.writableLength === 0) socket.setTimeout(idle);
    else socket.destroy();
  }
}
