#!/usr/bin/env node
import { cocainedProgram } from "./cocained-program.ts";
import { runProgram } from "./program.ts";
import { surroundings } from "./surroundings.ts";

const program = cocainedProgram(surroundings());

process.exit(await runProgram(program));
