import { Control, createThreadPort, type ThreadTask } from "@cocaine/core/plugin";
import { openPort } from "./port.ts";
import { serve } from "./serve.ts";
import { divertOutput } from "./thread-output.ts";

/** What a worker thread runs. @returns resolves when the worker was told to leave, and has ended all. */
export default async function run({ port, control, args, heartbeat, concurrency }: ThreadTask): Promise<void> {
  const [language, code] = args;
  if (language === undefined || code === undefined) throw new Error("the language and the app's module are not named");
  const places = new Int32Array(control);
  const engine = createThreadPort(port, control);
  divertOutput(engine);
  await serve({
    language,
    code,
    heartbeat,
    concurrency,
    mark: concurrency === 1 ? (job) => void Atomics.store(places, Control.PROGRESS, job) : undefined,
    open: async (events) => openPort(port, engine, events),
    // The engine is of this process: it does not go before its threads.
    lost: () => undefined,
  });
}
