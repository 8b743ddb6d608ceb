import type { Command } from "commander";
import type { Session } from "./session.ts";

/** `cocaine reload`: new workers with the code as it is now. */
export function addReload(program: Command, session: Session): void {
  program
    .command("reload")
    .description("restart an app with its code as it is now, without losing a request")
    .argument("<app>", "name of the app")
    .addHelpText("after", "\nExample:\n  $ cocaine reload my-app")
    .action((app: string) =>
      session.run(async (client) => session.show(await client.call("restart", { app }), () => `${app} reloaded`)),
    );
}
