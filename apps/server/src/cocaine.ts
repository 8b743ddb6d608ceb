#!/usr/bin/env node
import { homedir, tmpdir } from "node:os";
import { cocaineProgram } from "./cocaine-program.ts";
import { runProgram } from "./program.ts";

const program = cocaineProgram({
  env: process.env,
  uid: process.getuid?.() ?? -1,
  home: homedir(),
  tmp: tmpdir(),
  cwd: process.cwd(),
  terminal: process.stdout.isTTY === true,
});

process.exit(await runProgram(program));
