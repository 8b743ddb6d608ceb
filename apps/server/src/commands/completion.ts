import { Argument, type Command } from "commander";
import { complete, type Sources } from "../completion/complete.ts";
import { SHELLS, type Shell, scripts } from "../completion/scripts.ts";
import { LOCAL } from "../contexts/contexts.ts";
import type { Session } from "./session.ts";

/** Milliseconds that a node has to tell names to a user who waits at the prompt. */
const PATIENCE = 1500;

/** `cocaine completion`: has a shell complete the command line. */
export function addCompletion(program: Command, session: Session): void {
  program
    .command("completion")
    .description("print what has a shell complete the commands")
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .addHelpText(
      "after",
      `
Examples:
  $ cocaine completion bash > /etc/bash_completion.d/cocaine
  $ source <(cocaine completion zsh)
  $ cocaine completion fish > ~/.config/fish/completions/cocaine.fish`,
    )
    .action((shell: Shell) => session.write(scripts[shell]));

  program
    .command("__complete", { hidden: true })
    .argument("[words...]")
    .action(async (words: string[]) => {
      // What was typed of --context counts for the names, too.
      const at = words.indexOf("--context");
      if (at >= 0 && at + 1 < words.length - 1) program.setOptionValue("context", words[at + 1]);
      const candidates = await complete(program, words, sourcesOf(session));
      await session.write(candidates.map((candidate) => `${candidate}\n`).join(""));
    });
}

function sourcesOf(session: Session): Sources {
  const apps = () => within(PATIENCE, (client) => client.call("list", {}), session);
  return {
    apps: async () => (await apps()).map(({ name }) => name),
    tasks: async (app) => Object.keys((await apps()).find(({ name }) => name === app)?.tasks ?? {}),
    contexts: async () => [LOCAL, ...Object.keys((await session.contexts.read()).contexts)],
  };
}

type Work<T> = (client: Parameters<Parameters<Session["run"]>[0]>[0]) => Promise<T>;

async function within<T>(milliseconds: number, work: Work<T>, session: Session): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the node took too long")), milliseconds);
  });
  const asked = new Promise<T>((resolve, reject) => {
    session.run(async (client) => resolve(await work(client))).catch(reject);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
