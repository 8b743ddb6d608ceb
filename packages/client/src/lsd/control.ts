import { setTimeout as sleep } from "node:timers/promises";
import { z } from "@cocaine/core/plugin";
import { createDealer, parseEndpoint } from "@cocaine/zmtp";
import type { Discover } from "../dispatch/discover.ts";
import { type Host, readHosts } from "./hosts.ts";

// How clients of December 2011 found their servers: a list of hosts, and the control port of each of them.

/** Whom to ask for the servers of a task. */
export interface LsdDiscoveryOptions {
  /** Where the list of hosts is: `http://`, `https://` or `file://`; one `host` or `host:port` a line. */
  readonly hosts: string | URL;
  /** Control port of a host whose line names none. */
  readonly port: number;
  readonly app: string;
  readonly task: string;
  /** Milliseconds from one look at the list and the hosts to the next. @defaultValue 1,000 */
  readonly interval?: number;
  /** Milliseconds after which a host that does not answer is left out. @defaultValue 2,000 */
  readonly expiry?: number;
}

const EMPTY = new Uint8Array(0);
const REQUEST = '{"version":2,"action":"info"}';
const MESSAGE_LIMIT = 16 * 1024 * 1024;

const infoSchema = z.object({
  apps: z.record(
    z.string(),
    z.object({
      running: z.boolean().default(false),
      tasks: z.record(z.string(), z.looseObject({ type: z.string(), endpoint: z.string().optional() })).default({}),
    }),
  ),
});

/** Makes a discovery by a list of hosts and `info` at the control port of each, as in December 2011. */
export function lsdDiscovery(options: LsdDiscoveryOptions): Discover {
  const { interval = 1000, expiry = 2000, app, task, port } = options;
  const url = new URL(options.hosts);
  return async function* (signal) {
    const controls = new Map<string, Control>();
    /** When each endpoint was last told, in monotonic milliseconds. */
    const seen = new Map<string, number>();
    let told: string | undefined;
    try {
      for (;;) {
        const next = sleep(interval, undefined, { signal }).catch(() => undefined);
        const hosts = await readHosts(url, port, AbortSignal.timeout(expiry));
        keep(controls, hosts);
        const infos = await Promise.all([...controls.values()].map((control) => control.ask(interval)));
        const now = performance.now();
        for (const info of infos) {
          const endpoint = info === undefined ? undefined : endpointOf(info, app, task);
          if (endpoint !== undefined) seen.set(endpoint, now);
        }
        for (const [endpoint, at] of seen) if (now - at > expiry) seen.delete(endpoint);
        const list = [...seen.keys()].sort();
        if (String(list) !== told) {
          told = String(list);
          yield list;
        }
        await next;
        signal.throwIfAborted();
      }
    } finally {
      await Promise.all([...controls.values()].map((control) => control.close()));
    }
  };
}

/** What a host said. */
interface HostInfo {
  readonly host: string;
  readonly text: string;
}

interface Control {
  /** Its `info`; `undefined` if it does not answer within `milliseconds`. */
  ask(milliseconds: number): Promise<HostInfo | undefined>;
  close(): Promise<void>;
}

/** Connects to the hosts that are new, and ends the connections to those that are not listed. */
function keep(controls: Map<string, Control>, hosts: readonly Host[]): void {
  const listed = new Map(hosts.map((host) => [`tcp://${host.host}:${host.port}`, host.host]));
  for (const [endpoint, control] of controls) {
    if (listed.has(endpoint)) continue;
    controls.delete(endpoint);
    void control.close();
  }
  for (const [endpoint, host] of listed) {
    if (!controls.has(endpoint)) controls.set(endpoint, connectControl(endpoint, host));
  }
}

function connectControl(endpoint: string, host: string): Control {
  parseEndpoint(endpoint, "connect");
  let told: ((info: HostInfo | undefined) => void) | undefined;
  let asked = false;
  const dealer = createDealer({
    reconnect: { min: 100, max: 1000 },
    limits: { message: MESSAGE_LIMIT },
    onConnect: () => {
      if (asked) dealer.send([EMPTY, REQUEST]);
    },
    onMessage: ([, text]) => told?.(text === undefined ? undefined : { host, text: Buffer.from(text).toString() }),
  });
  // It goes on trying: only its close ends that.
  void dealer.connect(endpoint).catch(() => undefined);
  return {
    ask(milliseconds) {
      asked = true;
      dealer.send([EMPTY, REQUEST]);
      return new Promise((resolve) => {
        const timer = setTimeout(() => told?.(undefined), milliseconds);
        told = (info) => {
          clearTimeout(timer);
          told = undefined;
          asked = false;
          resolve(info);
        };
      });
    },
    close: () => dealer.close(),
  };
}

/** Where a host serves the task: its own port at the address where the host was asked. */
function endpointOf({ host, text }: HostInfo, app: string, task: string): string | undefined {
  const info = infoSchema.safeParse(parse(text)).data?.apps[app];
  const found = info?.running === true ? info.tasks[task] : undefined;
  const port = found?.type === "server+lsd" ? /^tcp:\/\/.+:(\d{1,5})$/.exec(found.endpoint ?? "")?.[1] : undefined;
  return port === undefined ? undefined : `tcp://${host}:${port}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
