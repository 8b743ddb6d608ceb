import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** How long a program may take to end by itself. */
const graceMs = 10_000;

/**
 * The programs of a benchmark. Each leads a process group of its own, and `close()` ends all of them; after it none
 * can be started.
 */
export function createPrograms() {
  const running = new Set();
  let closed;

  function start(command, args, options = {}) {
    if (closed !== undefined) throw new Error(`The benchmark was ended before ${command} could start`);
    const program = launch(command, args, options);
    running.add(program);
    return program;
  }

  return {
    /** Starts a program that goes on until it is closed. */
    start,

    /** Runs a program to its end; resolves to its output, and rejects when it did not go well. */
    async run(command, args, options) {
      const program = start(command, args, options);
      const lines = [];
      for await (const line of program.lines) lines.push(line);
      await program.closed;
      running.delete(program);
      if (program.child.exitCode !== 0) throw program.failure();
      return lines.join("\n");
    },

    /** Ends all that still run, the last started first. May be called twice, and resolves when all have ended. */
    close() {
      closed ??= endAll([...running].reverse());
      return closed;
    },
  };
}

async function endAll(programs) {
  for (const program of programs) await end(program);
}

function launch(command, args, { cwd } = {}) {
  const child = spawn(command, args.map(String), { cwd, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const lines = createInterface({ input: child.stdout });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said = (said + text).slice(-4000);
  });
  child.on("error", (error) => {
    said += error.message;
  });
  // A program that could not be started closes as well.
  const closed = new Promise((resolve) => child.on("close", resolve));
  const failure = () =>
    new Error(`${[command, ...args].join(" ")} ended (${child.exitCode ?? child.signalCode}): ${said.trim()}`);

  /** Rejects when the program ends before the promise is settled. */
  function unlessItEnds(promise) {
    const ended = closed.then(() => {
      throw failure();
    });
    return Promise.race([promise, ended]);
  }

  return {
    child,
    lines,
    closed,
    failure,
    unlessItEnds,
    /** Ends it and its process group; may be called twice. */
    end: () => end({ child, closed }),
    async firstLine() {
      const [line] = await unlessItEnds(once(lines, "line"));
      return line;
    },
  };
}

async function end({ child, closed }) {
  if (child.pid === undefined) return;
  child.kill("SIGTERM");
  const timer = setTimeout(killGroup, graceMs, child.pid);
  await closed;
  clearTimeout(timer);
  killGroup(child.pid);
}

function killGroup(leader) {
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    // None of the group is left.
    if (error.code !== "ESRCH") throw error;
  }
}
