import type { Argument, Command, Option } from "commander";
import { FILES } from "./scripts.ts";

/** Where candidates come from that only a node or the user's files know. */
export interface Sources {
  apps(): Promise<readonly string[]>;
  tasks(app: string): Promise<readonly string[]>;
  contexts(): Promise<readonly string[]>;
}

/** Where a command line has come to. */
interface Position {
  readonly command: Command;
  /** Arguments of the command that are complete. */
  readonly operands: readonly string[];
  /** The option whose value is being typed. */
  readonly option: Option | undefined;
}

/**
 * What the last word of a command line may become.
 *
 * @param words - without the name of the program; the last is the one that is being typed, and may be empty
 * @param sources - asked for names; when they fail there are none
 */
export async function complete(program: Command, words: readonly string[], sources: Sources): Promise<string[]> {
  const typed = words.at(-1) ?? "";
  const position = follow(program, words.slice(0, -1));
  const candidates = await candidatesAt(program, position, typed, sources).catch(() => []);
  return candidates.filter((candidate) => candidate === FILES || candidate.startsWith(typed));
}

function follow(program: Command, words: readonly string[]): Position {
  let command = program;
  let operands: string[] = [];
  let option: Option | undefined;
  for (const word of words) {
    if (option !== undefined) {
      option = undefined;
      continue;
    }
    if (word.startsWith("-")) {
      const found = optionOf(command, word) ?? optionOf(program, word);
      if (found?.required === true && !word.includes("=")) option = found;
      continue;
    }
    const next = operands.length === 0 ? command.commands.find((each) => each.name() === word) : undefined;
    if (next === undefined) operands.push(word);
    else {
      command = next;
      operands = [];
    }
  }
  return { command, operands, option };
}

function optionOf(command: Command, word: string): Option | undefined {
  return command.options.find(({ long, short }) => word === short || word === long);
}

async function candidatesAt(
  program: Command,
  { command, operands, option }: Position,
  typed: string,
  sources: Sources,
): Promise<readonly string[]> {
  if (option !== undefined) return ofOption(option, sources);
  if (typed.startsWith("-")) return longOptions(program, command);
  if (command.commands.length > 0) return visible(command);
  const argument = command.registeredArguments[operands.length];
  return argument === undefined ? [] : ofArgument(command, argument, operands, sources);
}

async function ofOption(option: Option, sources: Sources): Promise<readonly string[]> {
  if (option.argChoices !== undefined) return option.argChoices;
  if (option.long === "--context") return sources.contexts();
  // A file or folder; names and numbers are for the user to think of.
  return /<(file|folder|dir)>/.test(option.flags) ? [FILES] : [];
}

function longOptions(program: Command, command: Command): string[] {
  const options = command === program ? program.options : [...command.options, ...program.options];
  return [...options.flatMap(({ long, hidden }) => (long === undefined || hidden ? [] : [long])), "--help"];
}

function visible(command: Command): string[] {
  return command.commands.map((each) => each.name()).filter((name) => !name.startsWith("__"));
}

async function ofArgument(
  command: Command,
  argument: Argument,
  operands: readonly string[],
  sources: Sources,
): Promise<readonly string[]> {
  if (argument.argChoices !== undefined) return argument.argChoices;
  switch (argument.name()) {
    case "app":
      return sources.apps();
    case "task":
      return sources.tasks(operands[0] ?? "");
    case "file":
      return [FILES];
    case "name":
      return command.parent?.name() === "context" && command.name() !== "add" ? sources.contexts() : [];
    default:
      return [];
  }
}
