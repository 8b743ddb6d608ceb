import { Socket } from "node:net";
import { createThreadPort, type ThreadProgress, type ThreadTask } from "@cocaine/core/plugin";
import { loadLibrary } from "./library.ts";

/** What the library rings for (shared_link.hpp). */
const Ring = { MESSAGES: 0x6d, OUTPUT: 0x6f, END: 0x65 } as const;

/**
 * What a worker thread runs: it carries batches between the engine and the app's library, whose jobs have threads of
 * their own. @returns resolves when the worker was told to leave, and has ended all
 */
export default async function run({ port, control, args, heartbeat, concurrency }: ThreadTask): Promise<void> {
  const [path] = args;
  if (path === undefined) throw new Error("the app's library is not named");
  const engine = createThreadPort(port, control);
  const library = loadLibrary(path);
  const descriptor = library.open(heartbeat, concurrency);
  const progress = library.progress();
  if (progress !== -1) port.postMessage({ progress } satisfies ThreadProgress);

  function takeMessages(): void {
    const batch = library.take();
    if (batch.byteLength > 0) engine.post(batch);
  }

  function takeOutput(): void {
    for (const stream of ["stdout", "stderr"] as const) {
      const bytes = library.takePrinted(stream);
      if (bytes.length > 0) engine.print(stream, bytes);
    }
  }

  let bell: Socket | undefined;
  await new Promise<void>((resolve, reject) => {
    const attempt = (step: () => void): void => {
      try {
        step();
      } catch (error) {
        reject(error);
      }
    };
    // It is closed with the thread, however that ends: then the library knows that nobody listens.
    bell = new Socket({ fd: descriptor });
    bell.on("data", (rings: Buffer) =>
      attempt(() => {
        const ended = rings.includes(Ring.END);
        if (ended || rings.includes(Ring.OUTPUT)) takeOutput();
        if (ended || rings.includes(Ring.MESSAGES)) takeMessages();
        if (ended) resolve();
      }),
    );
    port.on("message", (batch: ArrayBuffer) => attempt(() => library.feed(batch)));
  });
  port.close();
  bell?.destroy();
  library.close();
}
