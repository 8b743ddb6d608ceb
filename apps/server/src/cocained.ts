#!/usr/bin/env node
import { homedir, tmpdir } from "node:os";
import { cocainedProgram } from "./cocained-program.ts";
import { runProgram } from "./program.ts";

const program = cocainedProgram({
  env: process.env,
  uid: process.getuid?.() ?? -1,
  home: homedir(),
  tmp: tmpdir(),
  cwd: process.cwd(),
  terminal: process.stdout.isTTY === true,
});

process.exit(await runProgram(program));
