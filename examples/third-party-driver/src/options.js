import { z } from "@cocaine/core/plugin";

/** What a task of type `mqtt` says in its manifest. */
export const mqttOptions = z.strictObject({
  /** Where the broker is: `mqtt://host:1883`, or `mqtts://` for TLS. */
  url: z.url({ protocol: /^mqtts?$/, error: "mqtt://host:port or mqtts://host:port" }),
  /** Topics to subscribe to, with `+` and `#`. */
  topics: z.array(z.string().min(1)).nonempty(),
  /** 0: at most once. 1: at least once; a message is acknowledged when its job has ended. */
  qos: z.union([z.literal(0), z.literal(1)]).default(1),
  /** The broker keeps what comes for a client of this name while it is away. Without one it is made up. */
  "client-id": z.string().min(1).optional(),
  /** File with the password, so that none stands in a manifest; the user's name stands in the URL. */
  "password-file": z.string().startsWith("/").optional(),
  /** Seconds to reach the broker at the start. */
  "connect-timeout": z.number().positive().default(10),
});
