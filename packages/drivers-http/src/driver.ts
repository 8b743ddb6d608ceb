import type { Driver, DriverContext, PauseReason } from "@cocaine/core/plugin";
import { CLOSING, notAllowed, PAUSED, UPGRADE_REQUIRED } from "./answer.ts";
import { createCors } from "./cors.ts";
import type { Listeners, Membership } from "./listeners.ts";
import { type HttpOptions, termsOf } from "./options.ts";
import { createProxies } from "./proxies.ts";
import type { Site, Waiting } from "./site.ts";

/** Makes the driver of one task: its place on a shared listener, and what it counts. */
export function createTaskDriver(options: HttpOptions, context: DriverContext, listeners: Listeners): Driver {
  const { limits } = options;
  const proxies = options["trusted-proxies"];
  // A HEAD is a GET whose body is not sent.
  const methods = options.methods?.includes("GET") ? [...new Set([...options.methods, "HEAD"])] : options.methods;
  const open = new Set<Waiting>();
  /** Requests that came while the app's queue was full. Each holds up its connection, so there are not many. */
  const held = new Set<Waiting>();
  const statuses: Record<string, number> = {};
  let requests = 0;
  let aborted = 0;
  let hold: PauseReason | undefined;
  let closing = false;
  let idle: (() => void) | undefined;
  let membership: Membership | undefined;
  let closed: Promise<void> | undefined;

  const trigger: DriverContext["trigger"] = (request, sink) => context.trigger(request, sink);

  const site: Site = {
    name: `task "${context.task}" of app "${context.app}"`,
    hosts: options.host?.map((host) => host.toLowerCase()) ?? [""],
    path: options.path,
    bodyLimit: limits.body ?? Number.POSITIVE_INFINITY,
    bodyTimeout: limits["body-timeout"] * 1000,
    accessLog: options["access-log"],
    trailers: options.trailers,
    websocket: options.websocket,
    cors: options.cors && createCors(options.cors, methods),
    proxies: proxies.length > 0 ? createProxies(proxies) : undefined,
    log: context.log,
    get closing() {
      return closing;
    },
    holds(exchange) {
      if (hold !== "full" || (closing && !held.has(exchange))) return false;
      held.add(exchange);
      return true;
    },
    admit(exchange, { method = "", headers }) {
      // One that waited before the task began to close is served all the same.
      if (closing && !held.has(exchange)) return CLOSING;
      if (hold === "paused") return PAUSED;
      if (options.websocket !== undefined && headers.upgrade === undefined) return UPGRADE_REQUIRED;
      return methods === undefined || methods.includes(method) ? trigger : notAllowed(methods);
    },
    opened(exchange) {
      requests++;
      open.add(exchange);
    },
    closed(exchange, status) {
      open.delete(exchange);
      held.delete(exchange);
      if (status === 0) aborted++;
      else {
        const kind = `${Math.floor(status / 100)}xx`;
        statuses[kind] = (statuses[kind] ?? 0) + 1;
      }
      if (open.size === 0) idle?.();
    },
  };

  /** Until the queue is full again. */
  function admitHeld(): void {
    for (const exchange of held) {
      if (hold === "full") return;
      exchange.admit();
      held.delete(exchange);
    }
  }

  async function close(): Promise<void> {
    closing = true;
    for (const exchange of [...open]) exchange.abort();
    await membership?.leave();
  }

  return {
    async start() {
      membership = await listeners.join(options.endpoint, termsOf(options), options.tls, site);
      // Closed while it was opening.
      if (closed !== undefined) await membership.leave();
    },
    pause(reason) {
      hold = reason;
      if (reason === "paused") admitHeld();
    },
    resume() {
      hold = undefined;
      admitHeld();
    },
    async drain() {
      closing = true;
      for (const exchange of [...open]) exchange.lastCall?.();
      if (open.size > 0) await new Promise<void>((resolve) => (idle = resolve));
    },
    close() {
      closed ??= close();
      return closed;
    },
    info: () => ({
      endpoint: membership?.endpoint,
      host: options.host,
      path: options.path,
      connections: membership?.connections() ?? 0,
      requests,
      running: open.size - held.size,
      waiting: held.size,
      statuses: { ...statuses },
      aborted,
    }),
  };
}
