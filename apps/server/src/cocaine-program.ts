import { Command } from "commander";
import { addCall } from "./commands/call.ts";
import { addCompletion } from "./commands/completion.ts";
import { addContext } from "./commands/context.ts";
import { addCrashlogs } from "./commands/crashlogs.ts";
import { addDeadLetters } from "./commands/dead-letters.ts";
import { addDeploy } from "./commands/deploy.ts";
import { addFeed } from "./commands/feed.ts";
import { addInfo } from "./commands/info.ts";
import { addKeys } from "./commands/keys.ts";
import { addLogs } from "./commands/logs.ts";
import { addLs } from "./commands/ls.ts";
import { addNodes } from "./commands/nodes.ts";
import { addPause, addResume } from "./commands/pause.ts";
import { addReload } from "./commands/reload.ts";
import { addRm } from "./commands/rm.ts";
import { createSession } from "./commands/session.ts";
import { addTop } from "./commands/top.ts";
import { addWhoami } from "./commands/whoami.ts";
import type { ConfigContext } from "./config/config.ts";
import { version } from "./version.ts";

const EXAMPLES = `
The commands are for the node of this machine, or for the cluster that --context, COCAINE_CONTEXT or \`cocaine context use\` names.
The runtime folder is found as cocained finds it: --runtime-dir, else COCAINE_RUNTIME_DIR, else the configuration, else the default.

Exit codes:
  0  done
  1  the node refused or the job failed: the error is on standard error (with --json on standard output)
  2  the command line is wrong
  3  no node answers, or it went away

Examples:
  $ cocaine deploy app.yaml
  $ cocaine ls
  $ echo hello | cocaine call my-app event
  $ cocaine logs -f my-app
  $ cocaine --context production nodes`;

/** The command line of `cocaine`. */
export function cocaineProgram(context: ConfigContext): Command {
  const program = new Command("cocaine");
  program
    .description("Administers the cocained of this machine, or a cluster of them")
    .version(version)
    .exitOverride()
    .option("--runtime-dir <dir>", "runtime folder of the server [COCAINE_RUNTIME_DIR]")
    .option("--data-dir <dir>", "data folder of the server, which has its key [COCAINE_DATA_DIR]")
    .option(
      "--context <name>",
      "the cluster that the command is for; local: the node of this machine [COCAINE_CONTEXT]",
    )
    .option("--json", "answer in JSON instead of text")
    .addHelpText("after", EXAMPLES);
  const session = createSession(program, context);
  const commands = [addDeploy, addLs, addInfo, addCall, addLogs, addFeed, addReload, addPause, addResume, addRm];
  for (const add of [
    ...commands,
    addTop,
    addCrashlogs,
    addDeadLetters,
    addNodes,
    addContext,
    addKeys,
    addWhoami,
    addCompletion,
  ])
    add(program, session);
  return program;
}
