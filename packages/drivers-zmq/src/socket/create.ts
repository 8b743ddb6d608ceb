import type { Logger } from "@cocaine/core/plugin";
import { libzmqWire } from "./libzmq.ts";
import type { SocketRules } from "./spec.ts";
import type { Wire, WireEvents } from "./wire.ts";
import type { Zap } from "./zap.ts";
import { zmtpWire } from "./zmtp.ts";

/** Makes the socket of a task, not yet open: `@cocaine/zmtp` where that can be it, libzmq for all others. */
export function createWire(task: string, rules: SocketRules, events: WireEvents, zap: Zap, log: Logger): Wire {
  const { type, connect = [], curve } = rules;
  const simple = type === "router" && connect.length === 0 && curve === undefined;
  return simple ? zmtpWire(task, rules, events) : libzmqWire(task, rules, events, zap, log);
}
