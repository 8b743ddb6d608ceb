import { once } from "node:events";

/** wrk over connections that are kept, until it is stopped. */
export function startWrk(programs, endpoint) {
  const program = programs.start("wrk", ["-t", 1, "-c", 8, "-d", "10h", `${endpoint}/`]);
  const lines = [];
  program.lines.on("line", (line) => lines.push(line));
  return {
    /** Resolves to the number of requests, and what went wrong; "" is nothing. */
    async stop() {
      program.child.kill("SIGINT");
      await Promise.race([program.closed, once(program.child, "exit")]);
      await program.closed;
      const output = lines.join("\n");
      return {
        requests: Number(/(\d+) requests in/.exec(output)?.[1]),
        errors: lines.filter((line) => /Non-2xx|Socket errors/.test(line)).join("; "),
      };
    },
  };
}
