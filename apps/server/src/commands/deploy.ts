import type { Command } from "commander";
import { readManifestFile } from "../manifest-file.ts";
import { overview } from "../overview.ts";
import type { Session } from "./session.ts";

/** `cocaine deploy`: deploys a manifest, new or over a running app; the node stores it. */
export function addDeploy(program: Command, session: Session): void {
  program
    .command("deploy")
    .description("deploy a manifest, new or over a running app")
    .argument("<file>", "manifest, YAML or JSON")
    .option("--name <name>", "name of the app, instead of the file's base name")
    .addHelpText("after", "\nExamples:\n  $ cocaine deploy my-app.yaml\n  $ cocaine deploy manifest.json --name my-app")
    .action((file: string, options: { name?: string }) =>
      session.run(async (client) => {
        const { name, manifest } = await readManifestFile(file);
        const app = await client.call("deploy", { name: options.name ?? name, manifest });
        session.show(app, () => overview([app]));
      }),
    );
}
