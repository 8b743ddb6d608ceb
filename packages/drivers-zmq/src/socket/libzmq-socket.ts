import { formatEndpoint, parseEndpoint } from "@cocaine/zmtp";
import type { Pair, Pull, Reply, Router, Subscriber } from "zeromq";
import type { Credentials } from "./credentials.ts";
import { endpointError } from "./errors.ts";
import { isListening } from "./probe.ts";
import type { SocketRules } from "./spec.ts";

/** Milliseconds that what was sent last has to leave after the socket is closed. */
const LINGER = 1000;

export type LibzmqSocket = Router | Reply | Pair | Pull | Subscriber;

/** Makes a socket, neither bound nor connected yet. The addon is loaded when the first is made. */
export async function makeSocket(rules: SocketRules, credentials: Credentials | undefined): Promise<LibzmqSocket> {
  const { Pair, Pull, Reply, Router, Subscriber } = await import("zeromq");
  const { type, backlog, limits, heartbeat, subscribe = [""], bind = [], connect = [] } = rules;
  const receiving = {
    linger: LINGER,
    receiveHighWaterMark: backlog,
    maxMessageSize: limits.message,
    ipv6: [...bind, ...connect].some((endpoint) => endpoint.includes("[")),
    ...(heartbeat && { heartbeatInterval: heartbeat.interval, heartbeatTimeout: heartbeat.timeout }),
    ...credentials?.options,
  };
  const options = { ...receiving, sendHighWaterMark: backlog };
  if (type === "pull") return new Pull(receiving);
  if (type === "rep") return new Reply(options);
  if (type === "pair") return new Pair(options);
  // One that is full or gone is told of at once, instead of losing its message.
  if (type === "router") return new Router({ ...options, mandatory: true, sendTimeout: 0 });
  const subscriber = new Subscriber(receiving);
  subscriber.subscribe(...subscribe);
  return subscriber;
}

/**
 * Binds and connects.
 *
 * @returns the real endpoints. @throws `COC_ZMQ_ADDRESS_IN_USE`, `COC_ZMQ_ENDPOINT`
 */
export async function attach(task: string, socket: LibzmqSocket, rules: SocketRules): Promise<string[]> {
  const endpoints: string[] = [];
  for (const endpoint of rules.bind ?? []) {
    try {
      const real = formatEndpoint(parseEndpoint(endpoint));
      await refuseTakenPath(real);
      await socket.bind(real);
      endpoints.push(socket.lastEndpoint ?? real);
    } catch (error) {
      throw endpointError(task, endpoint, error);
    }
  }
  for (const endpoint of rules.connect ?? []) {
    try {
      socket.connect(formatEndpoint(parseEndpoint(endpoint, "connect")));
      endpoints.push(endpoint);
    } catch (error) {
      throw endpointError(task, endpoint, error);
    }
  }
  return endpoints;
}

/** libzmq takes the path of an `ipc://` endpoint from whoever listens there. */
async function refuseTakenPath(endpoint: string): Promise<void> {
  if (!endpoint.startsWith("ipc:///") || !(await isListening(endpoint))) return;
  throw Object.assign(new Error("another program listens there"), { code: "EADDRINUSE" });
}
