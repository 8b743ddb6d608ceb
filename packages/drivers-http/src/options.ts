import { z } from "@cocaine/core/plugin";
import { isNetwork } from "./proxies.ts";

const KIB = 1024;

const seconds = z.number().nonnegative().max(86_400);

const limits = z.strictObject({
  /** Bytes of a request's head. A larger one is answered with 431. One value for all tasks of an endpoint. */
  head: z
    .int()
    .min(256)
    .max(1024 * KIB)
    .default(16 * KIB),
  /** Bytes of a request's body. A larger one is answered with 413. Without it bodies are not limited: they stream. */
  body: z.int().nonnegative().optional(),
  /** Connections open at once; further ones are closed. One value for all tasks of an endpoint. */
  connections: z.int().positive().default(10_000),
  /** Seconds in which a request's head must be complete, else 408. One value for all tasks of an endpoint. */
  "head-timeout": seconds.positive().default(10),
  /** Seconds in each of which spans a client must send 1 KiB of the body that is waited for, else 408; 0 is for ever. */
  "body-timeout": seconds.default(30),
  /** Seconds that a connection is kept without a request. One value for all tasks of an endpoint. */
  "idle-timeout": seconds.positive().default(5),
  /** Seconds that a client may take nothing of what waits for it. One value for all tasks of an endpoint. */
  "write-timeout": seconds.positive().default(60),
});

const list = z.array(z.string().nonempty()).nonempty();

const file = z.string().regex(/^\//, "an absolute path");

/** A certificate. Its files are read again when they change. */
const tls = z.strictObject({
  /** PEM file of the certificate, with its chain behind it. */
  cert: file,
  /** PEM file of its private key. */
  key: file,
});

export type TlsOptions = z.infer<typeof tls>;

/** How WebSockets are served. */
const websocket = z.strictObject({
  /** Bytes of one message of a client. A larger one closes the WebSocket with 1009. */
  "max-message": z
    .int()
    .positive()
    .max(2 ** 30)
    .default(KIB * KIB),
  /** Seconds from one ping to the next: a client that has answered none by then is gone; 0 is none. */
  ping: seconds.default(30),
  /** Origins whose pages may open one, such as `https://shop.example`; others get 403. Without it: all. */
  origins: list.optional(),
});

export type WebSocketOptions = z.infer<typeof websocket>;

const methods = z.array(z.string().regex(/^[A-Z-]+$/, "methods in upper case")).nonempty();

/** Which pages of other origins may read the answers. */
const cors = z
  .strictObject({
    /** Origins, such as `https://shop.example`. Without it: all, but without credentials. */
    origins: list.optional(),
    /** Methods that they may use. Without it: those of the task, or else GET, HEAD, PUT, PATCH, POST and DELETE. */
    methods: methods.optional(),
    /** Request headers that they may send. Without it: all. */
    headers: list.optional(),
    /** Response headers that they may read, beside the few that are always readable. */
    expose: list.optional(),
    /** Whether they may send cookies and other credentials. */
    credentials: z.boolean().default(false),
    /** Seconds that a browser may keep the answer to a preflight. Without it the browser decides. */
    "max-age": z.int().nonnegative().optional(),
  })
  .refine(({ credentials, origins }) => !credentials || origins !== undefined, {
    path: ["credentials"],
    message: "only with a list of origins",
  });

export type CorsOptions = z.infer<typeof cors>;

const options = z.strictObject({
  /**
   * Where clients connect: `http[s]://<interface, address, name or *>[:<port>]`; port 80 or 443 if none is said, 0 is
   * any.
   */
  endpoint: z
    .string()
    .regex(
      /^https?:\/\/(\[[0-9A-Fa-f:.]+\]|[^\s/:?#@[\]]+)(:\d{1,5})?\/?$/,
      "http[s]://<interface, address or *>:<port>",
    ),
  /** The certificate of an `https` endpoint, for the task's hosts; that of the first task is for all other names. */
  tls: tls.optional(),
  /**
   * Whether clients may speak HTTP/2, beside HTTP/1: agreed on by TLS, or by prior knowledge in the clear. One value for
   * all tasks of an endpoint. Without it: with TLS.
   */
  http2: z.boolean().optional(),
  /** Names of virtual hosts, one or many, without port. Without it: every name that no other task has. */
  host: z
    .union([
      z
        .string()
        .nonempty()
        .transform((one) => [one]),
      z.array(z.string().nonempty()).nonempty(),
    ])
    .optional(),
  /** Prefix of the paths: `/shop` is `/shop`, `/shop/` and all below. The longest prefix that fits has the request. */
  path: z
    .string()
    .regex(/^\/[!-~]*$/, "a path that begins with / and has no spaces")
    .regex(/^[^?#]*$/, "a path without query or fragment")
    .default("/"),
  /** Methods that the task takes; others are answered with 405. GET stands for HEAD, too. Without it: all. */
  methods: methods.optional(),
  /**
   * The task serves WebSockets, each of which is a job, and no other requests: `true`, or how. `false`: it serves
   * requests.
   */
  websocket: z
    .union([z.boolean(), websocket])
    .default(false)
    .transform((value) => (value === true ? websocket.parse({}) : value === false ? undefined : value)),
  /** Lets pages of other origins read the answers: `true` for all, or which and how. */
  cors: z
    .union([z.boolean(), cors])
    .default(false)
    .transform((value) => (value === true ? cors.parse({}) : value === false ? undefined : value)),
  /** Addresses and networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed. */
  "trusted-proxies": z.array(z.string().refine(isNetwork, "an address, or a network as 10.0.0.0/8")).default([]),
  /** Whether the last chunk of each request is its trailers, JSON `[[name, value], …]`. */
  trailers: z.boolean().default(false),
  limits: limits.prefault({}),
  /** Writes a line to the log for each request. */
  "access-log": z.boolean().default(false),
});

/** What a task of type `server+http` says in its manifest. */
export const httpOptions = options.superRefine(({ endpoint, tls, websocket, cors }, context) => {
  if (websocket !== undefined && cors !== undefined) {
    const message = "CORS is not for WebSockets: say websocket.origins";
    context.addIssue({ code: "custom", path: ["cors"], message });
  }
  const secure = endpoint.startsWith("https:");
  if (secure === (tls !== undefined)) return;
  const message = secure
    ? "an https endpoint needs cert and key"
    : "it belongs to an endpoint that begins with https://";
  context.addIssue({ code: "custom", path: ["tls"], message });
});

export type HttpOptions = z.infer<typeof httpOptions>;

/** The limits that belong to a connection, and so to all tasks of an endpoint. */
export const SHARED_LIMITS = ["head", "connections", "head-timeout", "idle-timeout", "write-timeout"] as const;

export type SharedLimits = Pick<HttpOptions["limits"], (typeof SHARED_LIMITS)[number]>;

/** What all tasks of an endpoint must agree on. */
export interface Terms {
  readonly limits: SharedLimits;
  readonly tls: boolean;
  readonly http2: boolean;
}

export function termsOf({ limits, tls, http2 }: HttpOptions): Terms {
  return { limits, tls: tls !== undefined, http2: http2 ?? tls !== undefined };
}
