import { type Host, isCocaineError, messageOf } from "@cocaine/core";
import type { Logger } from "@cocaine/core/plugin";
import { readManifestFile } from "../manifest-file.ts";

/** Deploys and removes the apps of manifest files. Nothing of it rejects: a bad manifest is told, and fails alone. */
export interface Deployer {
  deploy(app: string, file: string): Promise<void>;
  remove(app: string): Promise<void>;
}

/** Makes a deployer. What it deploys is not stored: the files are where these apps are kept. */
export function createDeployer(host: Host, log: Logger): Deployer {
  return {
    async deploy(app, file) {
      try {
        const { manifest } = await readManifestFile(file);
        await host.deploy(app, manifest, { persist: false });
      } catch (error) {
        const code = isCocaineError(error) ? error.code : undefined;
        log.error({ app, file, code }, messageOf(error));
      }
    },
    async remove(app) {
      try {
        await host.remove(app, { persist: false });
      } catch (error) {
        // One that never came up, or that was removed by hand, is gone already.
        if (isCocaineError(error) && error.code === "COC_APP_UNKNOWN") return;
        log.error({ app }, messageOf(error));
      }
    },
  };
}
