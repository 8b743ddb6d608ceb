import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { DriverContext, JobHandle, JobRequest, ResponseSink } from "@cocaine/core/plugin";
import { triggerCounted } from "./counted.ts";

/** One end of a connection: of a Unix socket its path, where it has one. */
export type Address = { readonly address: string; readonly port: number } | { readonly path?: string };

/** Who is at the other end, as it stands in the metadata of jobs. */
export interface Peer {
  readonly remote: Address;
  readonly local: Address;
  readonly tls: boolean;
  /** The name in the certificate that the client has shown. */
  readonly subject?: string;
}

/** Milliseconds that a client has to close its side when ours has ended. */
const GOODBYE = 1000;

/** One client. It is `open`; `ending` when no further jobs begin; `gone` when the socket is closed. */
export class Connection {
  readonly socket: Socket;
  readonly peer: Peer;
  #state: "open" | "ending" | "gone" = "open";
  /** Jobs that run, and turns that are waited for. */
  #busy = 0;
  #goodbye: NodeJS.Timeout | undefined;

  /** @param path - of the Unix socket that it came by. */
  constructor(socket: Socket, path: string | undefined) {
    this.socket = socket;
    this.peer = peerOf(socket, path);
  }

  get busy(): boolean {
    return this.#busy > 0;
  }

  /** Runs a job that is counted as one of the connection's. */
  trigger(trigger: DriverContext["trigger"], request: JobRequest, sink: ResponseSink): JobHandle {
    this.#busy++;
    return triggerCounted(trigger, request, sink, () => this.#settled());
  }

  /** Waits for something on behalf of the connection. */
  async during<T>(work: Promise<T>): Promise<T> {
    const release = this.hold();
    try {
      return await work;
    } finally {
      release();
    }
  }

  /** Counts as something that runs, until what is returned is called. */
  hold(): () => void {
    this.#busy++;
    return () => this.#settled();
  }

  /** open → ending: it is closed when nothing runs any more. */
  last(): void {
    if (this.#state !== "open") return;
    this.#state = "ending";
    if (!this.busy) this.end();
  }

  /** Ends our side. A client that does not end its own is cut off. */
  end(): void {
    if (this.#state === "gone" || this.#goodbye !== undefined) return;
    this.socket.end();
    this.socket.resume();
    this.#goodbye = setTimeout(() => this.socket.destroy(), GOODBYE).unref();
  }

  /** Ends it so that the client sees that something is missing, as far as its kind of socket can tell. */
  cut(): void {
    if (this.socket instanceof TLSSocket || this.socket.remotePort === undefined) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  /** Any → gone. */
  leave(): void {
    this.#state = "gone";
    clearTimeout(this.#goodbye);
  }

  #settled(): void {
    this.#busy--;
    // Who waited for its turn has it after this.
    if (this.#state === "ending" && !this.busy) setImmediate(() => this.busy || this.end());
  }
}

function peerOf(socket: Socket, path: string | undefined): Peer {
  const subject = socket instanceof TLSSocket ? socket.getPeerCertificate()?.subject?.CN : undefined;
  return {
    remote: addressOf(socket.remoteAddress, socket.remotePort),
    local: path === undefined ? addressOf(socket.localAddress, socket.localPort) : { path },
    tls: socket instanceof TLSSocket,
    ...(typeof subject === "string" && { subject }),
  };
}

function addressOf(address: string | undefined, port: number | undefined): Address {
  if (address === undefined || port === undefined) return {};
  // An IPv4 client of a socket that serves both.
  return { address: address.startsWith("::ffff:") ? address.slice(7) : address, port };
}
