import { isCocaineError, messageOf } from "@cocaine/core";
import { type Command, CommanderError } from "commander";

/** Exit codes of both programs. Documented in the README. */
export const Exit = {
  /** All went well; for the server: it was told to end and did so in good order. */
  ok: 0,
  /** It failed: the error is on standard error. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** No server answers, or it went away. */
  unreachable: 3,
} as const;

const UNREACHABLE = ["COC_ADMIN_UNREACHABLE", "COC_ADMIN_LOST", "COC_ADMIN_SOCKET"];

/**
 * Runs a command line and tells what went wrong.
 *
 * @returns the exit code.
 */
export async function runProgram(program: Command, argv: readonly string[] = process.argv): Promise<number> {
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? Exit.ok);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? Exit.ok : Exit.usage;
    tell(program, error);
    return isCocaineError(error) && UNREACHABLE.includes(error.code) ? Exit.unreachable : Exit.failed;
  }
}

/** Writes an error for people, or with `--json` for programs. */
function tell(program: Command, error: unknown): void {
  const code = isCocaineError(error) ? error.code : undefined;
  const message = messageOf(error);
  if (program.opts<{ json?: boolean }>().json === true) {
    const details = isCocaineError(error) ? error.details : undefined;
    process.stdout.write(`${JSON.stringify({ error: { code, message, details } })}\n`);
  } else process.stderr.write(`${program.name()}: ${message}${code === undefined ? "" : ` (${code})`}\n`);
}
