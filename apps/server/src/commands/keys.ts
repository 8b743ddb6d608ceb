import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import {
  fingerprintOf,
  generateKey,
  parsePublicKey,
  publicKeyOf,
  ROLES,
  type Role,
  readKeyFile,
  type UserKey,
  writeKeyFile,
} from "@cocaine/admin";
import { createError, messageOf } from "@cocaine/core";
import { type Command, Option } from "commander";
import { nodeKeyFile } from "../paths.ts";
import { table } from "../table.ts";
import type { Session } from "./session.ts";

/** `cocaine keys`: who may administer from afar. */
export function addKeys(program: Command, session: Session): void {
  const keys = program.command("keys").description("make keys, and say who is let in by which");

  keys
    .command("generate")
    .description("make a key of your own: the secret goes to a file, the public part to standard output")
    .option("--out <file>", "file of mode 0600 that is not there yet (key.json beside the contexts)")
    .addHelpText("after", "\nExample:\n  $ cocaine keys generate > me.pub.json")
    .action(async ({ out }: { out?: string }) => {
      const file = out === undefined ? session.keyFile : resolve(out);
      const key = await generateKey();
      await writeKeyFile(file, key);
      const jwk = publicKeyOf(key);
      process.stderr.write(`the secret key is in ${file}\n`);
      session.show({ file, fingerprint: fingerprintOf(key), jwk }, () => JSON.stringify(jwk));
    });

  keys
    .command("add")
    .description("let a user's key in, or give it another role")
    .argument("<user>", "name of the user")
    .argument("<file>", "file with the public key, or - for standard input")
    .addOption(new Option("--role <role>", "what the user may do").choices(ROLES).default("viewer"))
    .addHelpText(
      "after",
      "\nExamples:\n  $ cocaine keys add ann ann.pub.json --role deployer\n  $ ssh ann@laptop cat me.pub.json | cocaine keys add ann - --role admin",
    )
    .action((user: string, file: string, { role }: { role: Role }) =>
      session.run(async (client) => {
        const added = await client.call("addKey", { user, jwk: await publicKeyIn(file), role });
        session.show(added, () => `${added.user} is ${added.role} by the key ${added.fingerprint}`);
      }),
    );

  keys
    .command("rm")
    .description("let a key in no more, from now on")
    .argument("<key>", "its fingerprint; or a user, all of whose keys are meant")
    .addHelpText("after", "\nExamples:\n  $ cocaine keys rm ann\n  $ cocaine keys rm 3ZkXvc0Q…")
    .action((key: string) =>
      session.run(async (client) => {
        const revoked = await client.call("revokeKey", { key });
        session.show(revoked, () =>
          revoked.map(({ user, fingerprint }) => `${fingerprint} of ${user} is revoked`).join("\n"),
        );
      }),
    );

  keys
    .command("ls")
    .description("list the keys, those that were revoked too")
    .addHelpText("after", "\nExample:\n  $ cocaine keys ls")
    .action(() => session.run(async (client) => session.show(await client.call("keys", {}), listOf)));

  keys
    .command("fingerprint")
    .description("print the fingerprint of this machine's node, which clients pin; or that of a key file")
    .argument("[file]", "file with a public or secret key")
    .addHelpText("after", "\nExamples:\n  $ cocaine keys fingerprint\n  $ cocaine keys fingerprint me.pub.json")
    .action(async (file?: string) => {
      const jwk =
        file === undefined ? await readKeyFile(nodeKeyFile(await session.dataDir())) : await publicKeyIn(file);
      session.show(fingerprintOf(parsePublicKey(jwk)), String);
    });
}

async function publicKeyIn(file: string): Promise<unknown> {
  try {
    const jwk: unknown = JSON.parse(file === "-" ? await text(process.stdin) : await readFile(file, "utf8"));
    // What is secret in it goes nowhere.
    return publicKeyOf(parsePublicKey(jwk));
  } catch (cause) {
    const message = `${file === "-" ? "standard input" : file} holds no public key: ${messageOf(cause)}`;
    throw createError("COC_ADMIN_KEY_FILE", message, { cause });
  }
}

function listOf(keys: readonly UserKey[]): string {
  const rows = keys.map(({ user, role, fingerprint, created, revoked }) => [user, role, fingerprint, created, revoked]);
  return table(["USER", "ROLE", "FINGERPRINT", "ADDED", "REVOKED"], rows);
}
