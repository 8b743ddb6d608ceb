import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * Runs a command to its end, and keeps what it writes.
 *
 * @returns {Promise<{ ok: boolean, output: string }>} never rejects: a command that is not there did not go well.
 */
export function attempt(command, args, environment = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    child.on("error", (error) => resolve({ ok: false, output: error.message }));
    child.on("close", (code, signal) => {
      resolve({ ok: code === 0, output: signal === null ? output : `${output}ended by ${signal}\n` });
    });
  });
}

/** The same, for a command that has to go well: when it fails, its output is in the error. */
export async function must(command, args, environment = {}) {
  const { ok, output } = await attempt(command, args, environment);
  if (!ok) throw new Error(`This command failed:\n  ${[command, ...args].join(" ")}\n${indent(output)}`);
  return output;
}

/** Whether a program of this name is on the PATH. */
export function onPath(name) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => folder !== "" && existsSync(join(folder, name)));
}

function indent(text) {
  return text.trimEnd().replace(/^/gm, "  | ");
}
