// @ts-check
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const SECANTUS = fileURLToPath(new URL("../../../../.cache/venv/bin/secantusd-py", import.meta.url));

/** @returns {import("./server.mjs").Make | undefined} */
export function findSecantus() {
  if (!existsSync(SECANTUS)) return undefined;
  return {
    what: ({ streams = true }) => `SecantusDB${streams ? "" : ", standalone"}`,
    command: SECANTUS,
    async args(folder, port, { streams = true, auth = false, tls, host = "127.0.0.1" }) {
      return [
        ...["--host", host, "--port", String(port), "--storage-path", folder],
        // One for each connection and change stream; tests have many of both.
        ...["--session-max", "5000"],
        ...(streams ? [] : ["--standalone"]),
        ...(auth ? ["--auth"] : []),
        ...(tls === undefined ? [] : ["--tls-cert-file", tls.cert, "--tls-key-file", tls.key]),
      ];
    },
    prepare: async () => undefined,
  };
}
