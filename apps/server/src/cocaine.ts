#!/usr/bin/env node
import { homedir, tmpdir } from "node:os";
import { cocaineProgram } from "./cocaine-program.ts";
import { Exit, runProgram } from "./program.ts";

const program = cocaineProgram({
  env: process.env,
  uid: process.getuid?.() ?? -1,
  home: homedir(),
  tmp: tmpdir(),
  cwd: process.cwd(),
  terminal: process.stdout.isTTY === true,
});

// A reader that has seen enough (`cocaine logs | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) =>
  process.exit(error.code === "EPIPE" ? Exit.ok : Exit.failed),
);

process.exit(await runProgram(program));
