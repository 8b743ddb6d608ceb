import { Code, PROTOCOL_VERSION } from "@cocaine/core/plugin";
import type { Link, LinkEvents } from "./link.ts";
import type { Mark } from "./mark.ts";
import { loadApp } from "./methods.ts";
import { Turns } from "./turns.ts";
import { Worker } from "./worker.ts";

declare const KIT_VERSION: string;

/** What a worker is told when it starts, in a process or in a thread. */
export interface Service {
  /** Name of the language. */
  readonly language: string;
  /** File of the app's module. */
  readonly code: string;
  /** Seconds of silence after which the worker counts as hung. */
  readonly heartbeat: number;
  /** Jobs that run at once. */
  readonly concurrency: number;
  readonly mark: Mark | undefined;
  open(events: LinkEvents): Promise<Link>;
  /** The engine is gone, before or after the worker was told to leave. */
  lost(): void;
}

/** Loads the app, and runs its jobs. @returns resolves when the worker was told to leave, and has ended all. */
export async function serve({ language, code, heartbeat, concurrency, mark, open, lost }: Service): Promise<void> {
  process.setSourceMapsEnabled(true);
  const app = await loadApp(language, code);

  let receive: (frames: Uint8Array[]) => void = () => undefined;
  const turns = new Turns((frames) => receive(frames));
  const link = await open({ onMessage: (frames) => turns.take(frames), onClose: lost });
  await new Promise<void>((resolve) => {
    const worker = new Worker({ link, app, concurrency, mark, onDone: resolve });
    receive = (frames) => worker.receive(frames);
    const hello = {
      protocol: PROTOCOL_VERSION,
      pid: process.pid,
      language,
      kit: `js/${KIT_VERSION}`,
      progress: mark !== undefined,
      methods: [...app.methods.values()].map((method) => method.name),
    };
    link.send(Code.HELLO, 0, 0, JSON.stringify(hello));
    setInterval(() => link.send(Code.HEARTBEAT, 0, 0), (heartbeat * 1000) / 3);
  });
  await link.close();
}
