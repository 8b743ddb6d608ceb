import { resolve } from "node:path";
import type { AdminClient } from "@cocaine/admin";
import { createError, isCocaineError, messageOf } from "@cocaine/core";
import type { Command } from "commander";
import { connect, learnedOf } from "../contexts/connect.ts";
import { changeContexts, findContext, LOCAL } from "../contexts/contexts.ts";
import { type Context, contextName } from "../contexts/store.ts";
import { table } from "../table.ts";
import type { Session } from "./session.ts";

interface AddOptions {
  readonly node: readonly string[];
  readonly pin: readonly string[];
  readonly key: string;
}

/** `cocaine context`: the clusters that the commands can be for. */
export function addContext(program: Command, session: Session): void {
  const context = program.command("context").description("choose which cluster the commands are for");

  context
    .command("add")
    .description("add a cluster, by one node of it or more; or change it")
    .argument("<name>", "name of the context")
    .requiredOption("--node <endpoints...>", "the nodes' endpoints of administration, tcp://host:port")
    .requiredOption("--pin <fingerprints...>", "the fingerprint of each node's key, in the same order")
    .requiredOption("--key <file>", "file with your own key, as `cocaine keys generate` makes it")
    .addHelpText(
      "after",
      "\nExample:\n  $ cocaine context add production --node tcp://10.0.0.1:9990 --pin 3Zk…c0Q --key ~/.config/cocaine/key.json",
    )
    .action(async (name: string, options: AddOptions) => {
      const added = contextOf(name, options);
      const { learned, warning } = await learn(added);
      await changeContexts(session.contexts, ({ current, contexts }) => ({
        current,
        contexts: { ...contexts, [name]: { ...added, learned } },
      }));
      session.show({ name, ...added, learned, warning }, () =>
        [`context ${name} added`, ...(warning === undefined ? [] : [`no node answered yet: ${warning}`])].join("\n"),
      );
    });

  context
    .command("ls")
    .description("list the contexts")
    .addHelpText("after", "\nExample:\n  $ cocaine context ls")
    .action(async () => {
      const { current, contexts } = await session.contexts.read();
      const rows = Object.entries(contexts).map(([name, { nodes, key }]) => ({
        name,
        used: name === current,
        nodes,
        key,
      }));
      const all = [{ name: LOCAL, used: current === LOCAL, nodes: [], key: undefined }, ...rows];
      session.show(all, () =>
        table(
          ["CONTEXT", "IN USE", "NODES", "KEY"],
          all.map(({ name, used, nodes, key }) => [
            name,
            used ? "*" : "",
            nodes.map(({ endpoint }) => endpoint).join(" ") || "the node of this machine",
            key,
          ]),
        ),
      );
    });

  context
    .command("use")
    .description("have the commands be for a context from now on")
    .argument("<name>", "name of the context; local is the node of this machine")
    .addHelpText("after", "\nExamples:\n  $ cocaine context use production\n  $ cocaine context use local")
    .action(async (name: string) => {
      await changeContexts(session.contexts, (before) => {
        if (name !== LOCAL) findContext(before.contexts, name);
        return { ...before, current: name };
      });
      session.show(name, () => `the commands are for ${name} now`);
    });

  context
    .command("show")
    .description("show a context")
    .argument("<name>", "name of the context")
    .addHelpText("after", "\nExample:\n  $ cocaine context show production")
    .action(async (name: string) => {
      const found = findContext((await session.contexts.read()).contexts, name);
      const rows = [
        ...found.nodes.map((node) => [node, "you"] as const),
        ...found.learned.map((node) => [node, "a node"] as const),
      ];
      session.show(
        { name, ...found },
        () =>
          `key ${found.key}\n\n${table(
            ["NODE", "FINGERPRINT", "PINNED BY"],
            rows.map(([{ endpoint, pin }, by]) => [endpoint, pin, by]),
          )}`,
      );
    });

  context
    .command("rm")
    .description("forget a context; its key file stays")
    .argument("<name>", "name of the context")
    .addHelpText("after", "\nExample:\n  $ cocaine context rm production")
    .action(async (name: string) => {
      await changeContexts(session.contexts, ({ current, contexts }) => {
        findContext(contexts, name);
        const { [name]: _, ...rest } = contexts;
        return { current: current === name ? LOCAL : current, contexts: rest };
      });
      session.show(name, () => `context ${name} forgotten`);
    });
}

function contextOf(name: string, { node, pin, key }: AddOptions): Context {
  if (!contextName.safeParse(name).success || name === LOCAL) {
    throw createError(
      "COC_CONTEXT",
      `"${name}" is no name for a context: take letters, digits, '.', '_' and '-', and not "${LOCAL}"`,
    );
  }
  if (node.length !== pin.length) {
    const message = `there are ${node.length} nodes and ${pin.length} fingerprints: give --pin for each --node, in the same order`;
    throw createError("COC_CONTEXT", message);
  }
  const nodes = node.map((endpoint, at) => ({ endpoint, pin: pin[at] as string }));
  for (const { endpoint, pin: fingerprint } of nodes) {
    if (!/^(tcp|ipc):\/\/.+$/.test(endpoint))
      throw createError("COC_CONTEXT", `${endpoint} is no endpoint: write tcp://host:port`);
    if (/^[A-Za-z0-9_-]{43}$/.test(fingerprint)) continue;
    const message = `${fingerprint} is no fingerprint: take what \`cocaine keys fingerprint\` prints on the node`;
    throw createError("COC_CONTEXT", message);
  }
  return { key: resolve(key), nodes, learned: [] };
}

/** Asks a node for the others. None has to be up yet, but one that is has to be the one that is pinned. */
async function learn(context: Context): Promise<{ learned: Context["learned"]; warning: string | undefined }> {
  let client: AdminClient | undefined;
  try {
    client = await connect(context);
    return { learned: learnedOf(await client.call("nodes", {})), warning: undefined };
  } catch (error) {
    const soon = ["COC_ADMIN_UNREACHABLE", "COC_ADMIN_REFUSED", "COC_ADMIN_LOST"];
    if (!isCocaineError(error) || !soon.includes(error.code)) throw error;
    return { learned: [], warning: messageOf(error) };
  } finally {
    await client?.close();
  }
}
