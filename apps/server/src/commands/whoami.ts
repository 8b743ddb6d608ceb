import type { Command } from "commander";
import type { Session } from "./session.ts";

/** `cocaine whoami`: who the node takes one for. */
export function addWhoami(program: Command, session: Session): void {
  program
    .command("whoami")
    .description("tell who the node takes you for")
    .addHelpText("after", "\nExample:\n  $ cocaine whoami")
    .action(() =>
      session.run(async (client) =>
        session.show(await client.call("whoami", {}), ({ user, role, fingerprint }) =>
          fingerprint === undefined
            ? `${user}, ${role}: by the endpoint of this machine`
            : `${user}, ${role}, by the key ${fingerprint}`,
        ),
      ),
    );
}
