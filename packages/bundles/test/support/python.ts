import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const PYTHON = fileURLToPath(new URL("../../../../.cache/venv/bin/python", import.meta.url));
const HOSTILE = fileURLToPath(new URL("../fixtures/hostile.py", import.meta.url));

/** Writes an archive of a kind by Python's tarfile. */
export async function writeHostile(kind: string, file: string): Promise<void> {
  await promisify(execFile)(PYTHON, [HOSTILE, kind, file]);
}
