import { z } from "@cocaine/core/plugin";

/** Options of the storage `mongo`. */
export const mongoOptions = z.strictObject({
  /**
   * Connection string, with credentials, TLS and all else that the official driver takes there; its path is the
   * database.
   */
  uri: z.string().regex(/^mongodb(\+srv)?:\/\/./, "mongodb://… or mongodb+srv://…"),
  /** Name of the database, where the connection string has none. */
  database: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,38}$/, "1 to 38 letters, digits, _ and -")
    .default("cocaine"),
  /** Milliseconds that a server is looked for before an operation fails. */
  "server-timeout": z.int().positive().default(5000),
  /** Milliseconds that an operation may take, once a server is found. */
  "operation-timeout": z.int().positive().default(10_000),
  /** Milliseconds between two looks at a watched collection, where the server has no change streams. */
  "poll-interval": z.int().min(50).default(2000),
});

export type MongoOptions = z.output<typeof mongoOptions>;
