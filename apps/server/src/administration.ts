import { open } from "node:fs/promises";
import {
  type AuditRecord,
  createRemoteServer,
  generateKey,
  type Node,
  type PrivateJwk,
  type RemoteServer,
  readKeyFile,
  writeKeyFile,
} from "@cocaine/admin";
import { type AdminFacts, createError, messageOf, type Storage } from "@cocaine/core";
import type { Logger } from "@cocaine/core/plugin";
import { auditFile, nodeKeyFile } from "./paths.ts";

/** Remote administration of a node: its key, its endpoint and its audit log. */
export interface Administration {
  /** Makes the node's key where there is none yet, and opens the endpoint. */
  start(): Promise<void>;
  /** What other nodes and their clients are told; `undefined`: nothing is open. */
  info(): AdminFacts | undefined;
  close(): Promise<void>;
}

export interface AdministrationOptions extends Node {
  /** Nothing is opened without. */
  readonly endpoint: string | undefined;
  readonly dataDir: string;
  readonly storage: Storage;
  readonly log: Logger;
}

export function createAdministration(options: AdministrationOptions): Administration {
  const { endpoint, dataDir, log, ...rest } = options;
  let server: RemoteServer | undefined;
  let audit: AuditLog | undefined;

  return {
    async start() {
      if (endpoint === undefined) return;
      const key = await ownKey(nodeKeyFile(dataDir));
      const opened = await openAudit(auditFile(dataDir), log);
      audit = opened;
      server = createRemoteServer({ ...rest, endpoint, key, log, audit: opened.write });
      await server.start();
      log.info({ ...server.info() }, "remote administration");
    },
    info: () => server?.info(),
    async close() {
      await server?.close();
      await audit?.close();
    },
  };
}

async function ownKey(file: string): Promise<PrivateJwk> {
  try {
    return await readKeyFile(file);
  } catch (error) {
    const missing = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
    if (!missing) throw error;
  }
  const key = await generateKey();
  await writeKeyFile(file, key);
  return key;
}

interface AuditLog {
  readonly write: (record: AuditRecord) => void;
  close(): Promise<void>;
}

/** Appends records to a file, a line of JSON each. */
async function openAudit(file: string, log: Logger): Promise<AuditLog> {
  const handle = await open(file, "a", 0o600).catch((cause: unknown) => {
    throw createError("COC_ADMIN_AUDIT", `the audit log ${file} cannot be opened: ${messageOf(cause)}`, { cause });
  });
  const stream = handle.createWriteStream();
  stream.on("error", (error) => log.error({ err: error, file }, `the audit log cannot be written: ${error.message}`));
  return {
    write: (record) => void stream.write(`${JSON.stringify(record)}\n`),
    close: () => new Promise((resolve) => stream.end(() => resolve())),
  };
}
