#!/usr/bin/env node
import { cocaineProgram } from "./cocaine-program.ts";
import { Exit, runProgram } from "./program.ts";
import { surroundings } from "./surroundings.ts";

const program = cocaineProgram(surroundings());

// A reader that has seen enough (`cocaine logs | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) =>
  process.exit(error.code === "EPIPE" ? Exit.ok : Exit.failed),
);

process.exit(await runProgram(program));
