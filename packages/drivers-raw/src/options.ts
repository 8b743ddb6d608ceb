import { z } from "@cocaine/core/plugin";

const file = z.string().regex(/^\//, "an absolute path");

/** The options that all drivers of sockets have, to be spread into the schema of one. */
export const socketOptions = {
  /** Where clients connect. */
  endpoint: z
    .string()
    .regex(
      /^(tcp:\/\/(\[[0-9A-Fa-f:.]+\]|[^\s/:?#@[\]]+):\d{1,5}|unix:\/\/\/.+)$/,
      "tcp://<interface, address, name or *>:<port> (port 0: any free one) or unix://<absolute path>",
    ),
  /** Permissions of a Unix socket's file, octal. */
  mode: z
    .string()
    .regex(/^0?[0-7]{3}$/, "an octal mode such as 0660")
    .default("0600"),
  /** Connections that wait to be accepted. The system may allow fewer. */
  backlog: z.int().positive().max(65_535).default(511),
  /** Encrypts connections. The files are read again when they change. */
  tls: z
    .strictObject({
      /** PEM file of the certificate, with its chain behind it. */
      cert: file,
      /** PEM file of its private key. */
      key: file,
      /** PEM file of authorities. Clients must have a certificate of one of them. */
      ca: file.optional(),
    })
    .optional(),
  /** Seconds without a byte after which a connection that waits for no job is closed; 0 is never. */
  "idle-timeout": z.number().nonnegative().max(86_400).default(300),
  /** Connections open at once; further ones are closed. */
  "max-connections": z.int().positive().default(10_000),
};

const schema = z.object(socketOptions);

/** What {@link socketOptions} are parsed to. */
export type SocketOptions = z.output<typeof schema>;
