import { createRouter } from "@cocaine/zmtp";
import { endpointError } from "./errors.ts";
import type { SocketRules } from "./spec.ts";
import type { Wire, WireEvents } from "./wire.ts";

/** A ROUTER that binds, by `@cocaine/zmtp`: each of its peers is a connection that can be held and closed. */
export function zmtpWire(task: string, rules: SocketRules, events: WireEvents): Wire {
  const { limits, hwm, heartbeat, bind = [] } = rules;
  const endpoints: string[] = [];
  const router = createRouter({
    limits: { frame: limits.message, message: limits.message, frames: limits.frames, connections: limits.connections },
    highWaterMark: hwm,
    ...(heartbeat !== undefined && { heartbeat }),
    onConnect: events.connected,
    onDisconnect: events.disconnected,
    onRefused: events.refused,
    onDrain: events.drained,
    onMessage: events.message,
  });
  return {
    async open() {
      for (const endpoint of bind) {
        try {
          endpoints.push(await router.bind(endpoint));
        } catch (error) {
          await router.close();
          throw endpointError(task, endpoint, error);
        }
      }
    },
    pause: () => router.pause(),
    resume: () => router.resume(),
    async release() {
      // From now on the address is free, for the server that comes after this one.
      for (const endpoint of endpoints.splice(0)) await router.unbind(endpoint);
    },
    close: () => router.close(),
    info: () => ({ endpoints: [...endpoints], clients: router.peers }),
  };
}
