import { type AdminClient, createLocalClient } from "@cocaine/admin";
import type { NodeInfo } from "@cocaine/core";
import type { Command } from "commander";
import { type Config, type ConfigContext, loadConfig } from "../config/config.ts";
import { connect, learnedOf } from "../contexts/connect.ts";
import { changeContexts, chooseContext, LOCAL } from "../contexts/contexts.ts";
import { type ContextFile, createContextFile } from "../contexts/store.ts";
import { contextsFile, controlSocket, userKeyFile } from "../paths.ts";

/** What the commands of `cocaine` share. */
export interface Session {
  /** Connects to a node of the context, does the work and disconnects. */
  run(work: (client: AdminClient) => Promise<void>): Promise<void>;
  /** Writes a result: as JSON with `--json`, else as text. */
  show<T>(result: T, text: (result: T) => string): void;
  /** Writes text or bytes as they are; resolves when more may come. */
  write(chunk: string | Uint8Array): Promise<void>;
  readonly contexts: ContextFile;
  /** Where a new key of the user goes unless something else is said. */
  readonly keyFile: string;
  /** The data folder of this machine's node. */
  dataDir(): Promise<string>;
  /** Keeps the nodes that a node told of, so that they can be asked when it is away. */
  learn(nodes: readonly NodeInfo[]): Promise<void>;
}

/** Options of the program as a whole. */
interface Options {
  readonly runtimeDir?: string;
  readonly dataDir?: string;
  readonly context?: string;
  readonly json?: boolean;
}

/** Makes the session of one run. */
export function createSession(program: Command, surroundings: ConfigContext): Session {
  const contexts = createContextFile(contextsFile(surroundings));

  /** Name of the context, where one was asked for: a runtime folder means the node there. */
  function named(): string | undefined {
    const { context, runtimeDir } = program.opts<Options>();
    return context ?? (runtimeDir === undefined ? surroundings.env.COCAINE_CONTEXT || undefined : LOCAL);
  }

  function config(): Promise<Config> {
    const { runtimeDir, dataDir } = program.opts<Options>();
    const flags = {
      ...(runtimeDir !== undefined && { "runtime-dir": runtimeDir }),
      ...(dataDir !== undefined && { "data-dir": dataDir }),
    };
    return loadConfig(flags, surroundings);
  }

  async function open(): Promise<AdminClient> {
    const context = named() === LOCAL ? undefined : chooseContext(await contexts.read(), named());
    if (context !== undefined) return connect(context);
    const client = createLocalClient({ path: controlSocket((await config()).runtimeDir) });
    await client.start();
    return client;
  }

  return {
    contexts,
    keyFile: userKeyFile(surroundings),
    dataDir: async () => (await config()).dataDir,
    async run(work) {
      const client = await open();
      try {
        await work(client);
      } finally {
        await client.close();
      }
    },
    show(result, text) {
      const json = program.opts<Options>().json === true;
      process.stdout.write(`${json ? JSON.stringify({ result }) : text(result)}\n`);
    },
    write: (chunk) =>
      new Promise((resolve) => {
        if (process.stdout.write(chunk)) resolve();
        else process.stdout.once("drain", resolve);
      }),
    async learn(nodes) {
      if (named() === LOCAL) return;
      const all = await contexts.read();
      const context = chooseContext(all, named());
      const learned = learnedOf(nodes);
      if (context === undefined || JSON.stringify(context.learned) === JSON.stringify(learned)) return;
      await changeContexts(contexts, (before) => {
        const name = named() ?? before.current;
        return { ...before, contexts: { ...before.contexts, [name]: { ...context, learned } } };
      });
    },
  };
}
