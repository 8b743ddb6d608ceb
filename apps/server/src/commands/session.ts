import { type AdminClient, createLocalClient } from "@cocaine/admin";
import type { Command } from "commander";
import { type ConfigContext, loadConfig } from "../config/config.ts";
import { controlSocket } from "../paths.ts";

/** What the commands of `cocaine` share. */
export interface Session {
  /** Connects to the node, does the work and disconnects. */
  run(work: (client: AdminClient) => Promise<void>): Promise<void>;
  /** Writes a result: as JSON with `--json`, else as text. */
  show<T>(result: T, text: (result: T) => string): void;
  /** Writes text or bytes as they are; resolves when more may come. */
  write(chunk: string | Uint8Array): Promise<void>;
}

/** Options of the program as a whole. */
interface Options {
  readonly runtimeDir?: string;
  readonly json?: boolean;
}

/** Makes the session of one run. */
export function createSession(program: Command, context: ConfigContext): Session {
  const session: Session = {
    async run(work) {
      const { runtimeDir } = program.opts<Options>();
      const config = await loadConfig(runtimeDir === undefined ? {} : { "runtime-dir": runtimeDir }, context);
      const client = createLocalClient({ path: controlSocket(config.runtimeDir) });
      try {
        await client.start();
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
  };
  return session;
}
