import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Python of the virtual environment that `pnpm test` prepares. */
const interpreter = fileURLToPath(new URL("../../../../.cache/venv/bin/python", import.meta.url));

/** A running program: its lines of output, and its end. */
export interface Program {
  readonly process: ChildProcess;
  /** The next line that it prints; rejects when it ends without one, with what it wrote to stderr. */
  line(): Promise<string>;
  /** Sends it a line. */
  tell(line: string): void;
  /** Resolves when it has ended well, to the lines that nobody took; rejects when it failed. */
  ended(): Promise<string[]>;
  kill(): void;
}

/** Starts a program in Python. @param script the URL of its file */
export function python(script: URL, ...args: (string | number)[]): Program {
  return run(interpreter, "-u", fileURLToPath(script), ...args);
}

/** Starts a program. */
export function run(command: string, ...args: (string | number)[]): Program {
  const child = spawn(command, args.map(String), { stdio: ["pipe", "pipe", "pipe"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = once(child, "exit");
  let stderr = "";
  child.stderr.on("data", (data: Buffer) => {
    stderr += data;
  });
  return {
    process: child,
    async line() {
      const next = await lines.next();
      if (next.done) throw new Error(`${command} ${args[0]} ended: ${stderr}`);
      return next.value;
    },
    tell: (line) => child.stdin.write(`${line}\n`),
    async ended() {
      const rest: string[] = [];
      for (let next = await lines.next(); !next.done; next = await lines.next()) rest.push(next.value);
      const [code] = await exited;
      if (code !== 0) throw new Error(`${command} ${args[0]} ended with ${code}: ${stderr}`);
      return rest;
    },
    kill: () => child.kill("SIGKILL"),
  };
}
