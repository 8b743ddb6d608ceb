import { z } from "zod";
import { bytes } from "../manifest/bytes.ts";
import { limitsSchema } from "./limits.ts";

// The rules of an engine and of a task, as a manifest spells them. Durations are seconds there and milliseconds here.

const seconds = (fallback: number) =>
  z
    .number()
    .nonnegative()
    .max(2_147_483)
    .default(fallback)
    .transform((value) => value * 1000);

const positiveSeconds = (fallback: number) =>
  z
    .number()
    .positive()
    .max(2_147_483)
    .default(fallback)
    .transform((value) => value * 1000);

/** A user or group: its name, or its number. */
const account = z.union([z.string().regex(/^[^\s:-][^\s:]*$/, "the name of an account"), z.int().min(0)]);

const recycleSchema = z
  .strictObject({
    /** Jobs that it has ended. */
    jobs: z.int().positive().optional(),
    /** Each worker's number of jobs is drawn from so many around `jobs`, so that they are not replaced all at once. */
    jitter: z.int().nonnegative().default(0),
    /** Seconds since it was spawned. */
    age: z
      .number()
      .positive()
      .max(2_147_483)
      .transform((value) => value * 1000)
      .optional(),
    /** Bytes of resident memory. */
    rss: bytes.optional(),
  })
  .refine(({ jobs = 0, jitter }) => jitter === 0 || jitter < jobs, {
    path: ["jitter"],
    error: "a jobs beside it that is greater",
  });

/** When a worker is replaced though it is well; `age` in milliseconds. */
export type RecyclePolicy = Readonly<z.output<typeof recycleSchema>>;

/** The `engine` section of a manifest. */
export const engineSchema = z
  .strictObject({
    /** Plugin that spawns the workers. */
    backend: z.string().default("process"),
    /** Workers that are kept when there is nothing to do. */
    "pool-min": z.int().min(0).max(10_000).default(0),
    /** Workers at the most. */
    "pool-limit": z.int().min(1).max(10_000).default(10),
    /** Jobs that may wait. */
    "queue-limit": z.int().min(1).max(10_000_000).default(100),
    /** Jobs that a worker runs at once; the language's own number where it is not given. */
    concurrency: z.int().min(1).max(10_000).optional(),
    /** The pool grows while more than so many jobs wait. */
    "spawn-threshold": z.int().min(0).default(0),
    /** Seconds that the oldest job waits before one more worker starts. */
    "spawn-delay": seconds(0.02),
    /** Short jobs that may be sent ahead to one worker; 0 turns it off. */
    prefetch: z.int().min(0).max(10_000).default(128),
    /** Seconds that a worker may take to say HELLO. */
    "startup-timeout": positiveSeconds(10),
    /** Failed starts in a row after which the app is `failed`. */
    "start-attempts": z.int().min(1).default(5),
    /** Seconds of silence after which a worker is killed. */
    "heartbeat-timeout": positiveSeconds(60),
    /** Seconds without a job after which a worker above `pool-min` is retired. */
    "idle-timeout": positiveSeconds(600),
    /** Seconds that a worker may take to end a job that timed out, before it is killed. */
    "cancel-grace": seconds(2),
    /** Seconds between SIGTERM and SIGKILL. */
    "termination-grace": seconds(5),
    /** Seconds that a driver which is changed or taken away at a reload may take to end its jobs. */
    "drain-timeout": seconds(30),
    /** Task that a worker of a new version must run without an error before the version takes jobs. */
    health: z.string().optional(),
    /** When a worker is replaced though it is well. */
    recycle: recycleSchema.default({ jitter: 0 }),
    /** What the system lets each worker use. */
    limits: limitsSchema.default({}),
    /** User that the workers run as, by name or number; that of the server where it is not given. */
    user: account.optional(),
    /** Group of the workers; that of their user where it is not given. */
    group: account.optional(),
    /** Working folder of the workers; that of the code where it is not given. */
    cwd: z.string().regex(/^\//, "an absolute path").optional(),
  })
  .refine(({ user, group }) => group === undefined || user !== undefined, {
    path: ["group"],
    error: "a user beside it",
  })
  .transform((engine) => ({
    backend: engine.backend,
    poolMin: engine["pool-min"],
    poolLimit: engine["pool-limit"],
    queueLimit: engine["queue-limit"],
    concurrency: engine.concurrency,
    spawnThreshold: engine["spawn-threshold"],
    spawnDelay: engine["spawn-delay"],
    prefetch: engine.prefetch,
    startupTimeout: engine["startup-timeout"],
    startAttempts: engine["start-attempts"],
    heartbeatTimeout: engine["heartbeat-timeout"],
    idleTimeout: engine["idle-timeout"],
    cancelGrace: engine["cancel-grace"],
    terminationGrace: engine["termination-grace"],
    drainTimeout: engine["drain-timeout"],
    health: engine.health,
    recycle: engine.recycle,
    limits: engine.limits,
    user: engine.user,
    group: engine.group,
    cwd: engine.cwd,
  }));

/** Rules of an engine; durations in milliseconds. */
export type EnginePolicy = Readonly<z.output<typeof engineSchema>>;

/** Names that an engine's fields had in 2011, and what they are called now. */
export const ENGINE_ALIASES: Readonly<Record<string, string>> = { "suicide-timeout": "idle-timeout" };

const taskFields = z.strictObject({
  /** Seconds from trigger to end. None where it is not given. */
  timeout: z
    .number()
    .positive()
    .max(2_147_483)
    .transform((value) => value * 1000)
    .optional(),
  /**
   * Seconds that a running job may neither take nor give a chunk while nobody but its worker is to blame; 0: any. The
   * driver's own where it is not given.
   */
  "stall-timeout": seconds(0),
  /** Its jobs go before the others. */
  urgent: z.boolean().default(false),
  /** What happens to a job that comes when the queue is full. */
  overflow: z.enum(["reject", "drop-oldest", "block"]).default("reject"),
  /** Whether each node of a cluster runs it, or one of them at a time. */
  cluster: z.enum(["every", "once"]).default("every"),
  /** Its jobs that failed for good are kept. */
  "dead-letter": z.boolean().default(false),
  /** How often a job that began and did not end well is run again. */
  retries: z
    .strictObject({
      /** Further runs after the first. */
      attempts: z.int().min(0).max(1000).default(0),
      /** Seconds before the first of them; each next waits twice as long as the one before. */
      backoff: seconds(0),
      /** Seconds at the most. */
      "backoff-limit": seconds(60),
      /** After which endings: the worker's, the stall-timeout, the app's own error. */
      on: z.array(z.enum(["crash", "timeout", "error"])).default(["crash"]),
    })
    .prefault({}),
});

/** Fields that every task may have, whatever its driver. */
export const taskPolicySchema = taskFields.transform(({ timeout, urgent, overflow, retries, ...fields }) => ({
  timeout,
  /** `Infinity` for none. */
  stallTimeout: fields["stall-timeout"] || Number.POSITIVE_INFINITY,
  urgent,
  overflow,
  cluster: fields.cluster,
  deadLetter: fields["dead-letter"],
  retries: {
    attempts: retries.attempts,
    backoff: retries.backoff,
    backoffLimit: retries["backoff-limit"],
    on: retries.on,
  },
}));

/** The same as a manifest spells them. */
export type TaskPolicyInput = Readonly<z.input<typeof taskFields>>;

/** Rules of a task's jobs; durations in milliseconds. */
export type TaskPolicy = Readonly<z.output<typeof taskPolicySchema>>;

/** Names of the fields that are the engine's, not the driver's. */
export const TASK_POLICY_KEYS: readonly string[] = Object.keys(taskFields.shape);
