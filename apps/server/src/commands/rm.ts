import type { Command } from "commander";
import type { Session } from "./session.ts";

/** `cocaine rm`: ends an app once its jobs have ended, and forgets it. */
export function addRm(program: Command, session: Session): void {
  program
    .command("rm")
    .description("end an app once its jobs have ended, and forget its manifest")
    .argument("<app>", "name of the app")
    .addHelpText("after", "\nExample:\n  $ cocaine rm my-app")
    .action((app: string) =>
      session.run(async (client) => session.show(await client.call("remove", { app }), () => `${app} removed`)),
    );
}
