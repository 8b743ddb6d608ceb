import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from "node:worker_threads";
import type { ModuleLaunch, ThreadTask } from "@cocaine/core/plugin";
import { Tinypool } from "tinypool";

export type ResourceLimits = NonNullable<ConstructorParameters<typeof Worker>[1]>["resourceLimits"] & object;

/** How a thread ended: its task well, with an error, or neither. */
export interface ThreadEnd {
  readonly well: boolean;
  readonly error?: unknown;
}

/** One thread with one task, which is to run as long as the thread lives. */
export interface Thread {
  post(batch: ArrayBuffer): void;
  /** Resolves when the thread is gone and all that it posted was handed on; never rejects. */
  readonly ended: Promise<ThreadEnd>;
  /** Ends it wherever it is, in the middle of a loop too. */
  kill(): void;
}

export interface ThreadParts {
  readonly launch: ModuleLaunch;
  readonly task: Omit<ThreadTask, "port" | "args">;
  readonly resourceLimits: ResourceLimits;
  onMessage(message: unknown): void;
}

/** Starts a thread: tinypool does, and is told of one task alone. */
export function startThread({ launch, task, resourceLimits, onMessage }: ThreadParts): Thread {
  const { port1, port2 } = new MessageChannel();
  // Its threads are counted from none, so that one that ends is not replaced: that is for the engine to decide.
  const pool = new Tinypool({
    filename: launch.module,
    minThreads: 0,
    maxThreads: 1,
    useAtomics: false,
    env: { ...launch.env },
    resourceLimits,
  });
  port1.on("message", onMessage);
  const told: ThreadTask = { ...task, port: port2, args: launch.args };
  const run = pool.run(told, { transferList: [port2] });
  const [worker] = pool.threads as unknown as readonly Pick<Worker, "once">[];
  const gone = new Promise<void>((resolve) => worker?.once("exit", () => resolve()));
  // A module that cannot be loaded fails before the task has reached the thread.
  const failed = new Promise<ThreadEnd>((resolve) =>
    pool.on("error", (error: unknown) => resolve({ well: false, error })),
  );
  const ended = Promise.race([
    failed,
    run.then(
      () => ({ well: true }),
      (error: unknown) => ({ well: false, error }),
    ),
    gone.then(() => ({ well: false })),
  ]);
  const kill = () => void pool.destroy();
  return {
    post: (batch) => port1.postMessage(batch, [batch]),
    ended: finish(),
    kill,
  };

  async function finish(): Promise<ThreadEnd> {
    const end = await ended;
    kill();
    await gone;
    drain(port1, onMessage);
    return end;
  }
}

/** What was posted right before the end is in the port still. */
function drain(port: MessagePort, onMessage: (message: unknown) => void): void {
  for (let rest = receiveMessageOnPort(port); rest !== undefined; rest = receiveMessageOnPort(port)) {
    onMessage(rest.message);
  }
  port.close();
}
