import type { Command } from "commander";
import type { Session } from "./session.ts";

/** `cocaine pause`: stops the drivers of an app; what is open stays open. */
export function addPause(program: Command, session: Session): void {
  program
    .command("pause")
    .description("stop the tasks of an app; running jobs end, sockets stay open")
    .argument("<app>", "name of the app")
    .addHelpText("after", "\nExample:\n  $ cocaine pause my-app")
    .action((app: string) =>
      session.run(async (client) => session.show(await client.call("pause", { app }), () => `${app} paused`)),
    );
}

/** `cocaine resume`: starts them again. */
export function addResume(program: Command, session: Session): void {
  program
    .command("resume")
    .description("start the tasks of a paused app again")
    .argument("<app>", "name of the app")
    .addHelpText("after", "\nExample:\n  $ cocaine resume my-app")
    .action((app: string) =>
      session.run(async (client) => session.show(await client.call("resume", { app }), () => `${app} resumed`)),
    );
}
