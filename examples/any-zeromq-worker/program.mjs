import { fileURLToPath } from "node:url";
import { defineLanguage, z } from "@cocaine/core/plugin";

const file = (name) => fileURLToPath(new URL(name, import.meta.url));

/** A language of one line: how a worker for some code is started. */
const program = (name, command, worker, concurrency) =>
  defineLanguage({
    name,
    options: z.strictObject({}),
    create: () => ({
      launch: async ({ code, env }) => ({
        kind: "command",
        command,
        args: [file(worker), code],
        cwd: file("."),
        env,
        concurrency,
      }),
    }),
  });

/** @param python - an interpreter that has pyzmq. */
export const pyzmqLanguage = (python = "python3") => program("pyzmq", python, "worker.py", 1);
export const zeromqLanguage = () => program("zeromq", process.execPath, "worker.mjs", 64);
