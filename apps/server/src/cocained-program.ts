import { Command, Option } from "commander";
import { checkFile, verdictText } from "./check.ts";
import { type ConfigContext, type Flags, loadConfig } from "./config/config.ts";
import { numberOr, variableOf } from "./config/layers.ts";
import { LOG_LEVELS } from "./config/settings.ts";
import { defaultRegistry } from "./distribution.ts";
import { usePlugins } from "./plugins.ts";
import { Exit } from "./program.ts";
import { runServer } from "./run.ts";
import { version } from "./version.ts";

const EXAMPLES = `
Each setting is taken from the flag, else from its COCAINE_… variable, else from the configuration file, else its default.

Signals:
  SIGTERM, SIGINT  end: running jobs have the shutdown deadline; a second one ends at once
  SIGHUP           read the configuration again and restart every app with its code as it is now

Exit codes:
  0  ended in good order, or every manifest is valid
  1  the server could not start, or a manifest is not valid
  2  the command line is wrong
  128 + signal  a second signal ended it at once

Examples:
  $ cocained --apps ./apps
  $ cocained --config /etc/cocaine/cocained.yaml --log-format json
  $ cocained check app.yaml`;

/** The command line of `cocained`. */
export function cocainedProgram(context: ConfigContext): Command {
  const program = new Command("cocained");
  program
    .description("The Cocaine application server: hosts apps by their manifests")
    .version(version)
    .exitOverride()
    .addOption(setting("config", "<file>", "configuration, YAML or JSON"))
    .addOption(setting("apps", "<folder>", "deploy the manifests of this folder, and follow it"))
    .addOption(
      setting("storage", "<storage>", "where deployed apps are kept: memory:, files:/path or mongodb://host/database"),
    )
    .addOption(setting("plugins", "<modules...>", "packages or paths of plugins"))
    .addOption(setting("data-dir", "<dir>", "folder of the embedded storage, the node's key and the audit log"))
    .addOption(setting("admin", "<endpoint>", "open remote administration there: tcp://address:port"))
    .addOption(setting("runtime-dir", "<dir>", "folder of sockets, mode 0711"))
    .addOption(setting("cache-dir", "<dir>", "folder of built programs and unpacked bundles, mode 0711"))
    .addOption(setting("log-level", "<level>", LOG_LEVELS.join(", ")))
    .addOption(setting("log-format", "<format>", "json, or pretty (the default on a terminal)"))
    .addOption(setting("hostname", "<name>", "name of this node in feeds"))
    .addOption(setting("node-id", "<id>", "name of this node in its cluster (the hostname)"))
    .addOption(setting("address", "<address>", "host name or address under which other machines reach this node"))
    .addOption(
      setting("lease-ttl", "<seconds>", "time until others take over the tasks of a node that is gone (15)").argParser(
        numberOr,
      ),
    )
    .addOption(
      setting("shutdown-deadline", "<seconds>", "time that running jobs have at the end (30)").argParser(numberOr),
    )
    .addHelpText("after", EXAMPLES)
    .action(async (options: Record<string, unknown>) => {
      const flags = flagsOf(options);
      process.exitCode = await runServer(() => loadConfig(flags, context));
    });
  program
    .command("check")
    .description("check manifests as a deploy would, without running anything")
    .argument("<files...>", "manifest files")
    .addHelpText("after", "\nExample:\n  $ cocained check app.yaml other.json")
    .action(async (files: string[]) => {
      const { plugins } = await loadConfig(flagsOf(program.opts()), context);
      const registry = await usePlugins(defaultRegistry(), plugins);
      const verdicts = await Promise.all(files.map((file) => checkFile(file, registry)));
      process.stdout.write(`${verdicts.map(verdictText).join("\n")}\n`);
      process.exitCode = verdicts.every(({ issues }) => issues.length === 0) ? Exit.ok : Exit.failed;
    });
  return program;
}

function setting(name: string, value: string, description: string): Option {
  return new Option(`--${name} ${value}`, `${description} [${variableOf(name)}]`);
}

/** Flags as they are spelled; commander gives them in camel case. */
function flagsOf(options: Readonly<Record<string, unknown>>): Flags {
  const spelled = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [spelled(name), value])) as Flags;
}
