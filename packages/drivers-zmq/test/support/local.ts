import {
  Code,
  defineBackend,
  defineLanguage,
  type EngineMessage,
  type WorkerLink,
  type WorkerMessage,
  z,
} from "@cocaine/core/plugin";

/** What the methods of a local worker do; `undefined` leaves the job running. */
export type Methods = Readonly<Record<string, (request: string) => string | undefined>>;

/** A backend and a language that run methods of the test in this process, with one job at a time a worker. */
export function localPlugins(methods: Methods) {
  const backend = defineBackend({
    name: "process",
    options: z.strictObject({}),
    create: () => ({
      start: async () => undefined,
      spawn: () => createWorker(methods),
      close: async () => undefined,
    }),
  });
  const language = defineLanguage({
    name: "local",
    options: z.strictObject({}),
    create: () => ({
      launch: async ({ code, env }) => ({ kind: "command", command: code, args: [], cwd: "/", env, concurrency: 1 }),
    }),
  });
  return [backend, language] as const;
}

function createWorker(methods: Methods): WorkerLink {
  let say: (message: WorkerMessage) => void = () => undefined;
  let exit: () => void = () => undefined;
  const exited = new Promise<{ code: number; signal: null }>((resolve) => {
    exit = () => resolve({ code: 0, signal: null });
  });
  const hello = { protocol: 1, pid: process.pid, language: "local", kit: "local/1" } as const;
  setImmediate(() => say({ code: Code.HELLO, hello }));

  /** Requests of which more chunks are to come. */
  const open = new Map<number, { method: string; chunks: Uint8Array[] }>();

  function receive(message: EngineMessage): void {
    if (message.code === Code.TERMINATE) exit();
    if (message.code === Code.CANCEL) say({ code: Code.CHOKE, job: message.job });
    if (message.code === Code.INVOKE) open.set(message.job, { method: message.method, chunks: [] });
    if (message.code !== Code.INVOKE && message.code !== Code.WRITE) return;
    const { job, chunk, end } = message;
    const request = open.get(job);
    if (request === undefined) return;
    if (chunk !== undefined) request.chunks.push(chunk);
    if (end) {
      open.delete(job);
      run(job, request.method, Buffer.concat(request.chunks).toString());
    } else if (chunk !== undefined) say({ code: Code.CREDIT, job, bytes: chunk.length });
  }

  function run(job: number, method: string, request: string): void {
    try {
      const reply = methods[method]?.(request);
      if (reply !== undefined) say({ code: Code.CHUNK, job, chunk: Buffer.from(reply), end: true });
    } catch (error) {
      say({ code: Code.ERROR, job, error: "Error", message: (error as Error).message, details: undefined });
    }
  }

  return {
    pid: undefined,
    send(message) {
      setImmediate(receive, message);
      return true;
    },
    onMessage(handler) {
      say = handler;
    },
    onError: () => undefined,
    exited,
    async stop() {
      exit();
      await exited;
    },
    begun: () => undefined,
    output: () => [],
  };
}
