import type { Command } from "commander";
import { bundleCode } from "../bundle.ts";
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
    .option("--bundle <folder>", "send this folder of code along; args is a file or folder in it")
    .addHelpText(
      "after",
      "\nExamples:\n  $ cocaine deploy my-app.yaml\n  $ cocaine deploy manifest.json --name my-app\n  $ cocaine deploy my-app.yaml --bundle ./src",
    )
    .action((file: string, options: { name?: string; bundle?: string }) =>
      session.run(async (client) => {
        const { name, manifest } = await readManifestFile(file);
        const sent = options.bundle === undefined ? manifest : await bundleCode(manifest, options.bundle, client);
        const app = await client.call("deploy", { name: options.name ?? name, manifest: sent });
        session.show(app, () => overview([app]));
      }),
    );
}
