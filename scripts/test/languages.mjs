import { existsSync, readFileSync, writeFileSync } from "node:fs";

const page = "docs/languages.md";
const mark = "<!-- The table is written by `pnpm test`. -->\n";
/** How `testLanguage()` of `@cocaine/testing` names its tests; a suite may put a word about its own options before. */
const named = /^(?:(?<how>.*?)[:,] )?language (?<type>\S+), (?<backend>\S+): (?<name>.*)$/;

/** Writes the table of what every language passes on every backend, and holds it against the one that is there. */
export function matrix(report) {
  const results = existsSync(report) ? suitesOf(JSON.parse(readFileSync(report, "utf8")).testResults) : [];
  const [before] = readFileSync(page, "utf8").split(mark);
  const text = `${before}${mark}\n${tableOf(results)}`;
  const ok = results.length > 0 && (text === readFileSync(page, "utf8") || process.env.CI === undefined);
  if (results.length > 0 && process.env.CI === undefined) writeFileSync(page, text);
  console.log(`${ok ? "✓" : "✗"} ${page} says what the languages pass`);
  if (!ok) console.log(`It should say:\n${text}`);
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
}

function suitesOf(files) {
  return files
    .filter(({ name }) => name.endsWith("/conformance.test.ts"))
    .flatMap(({ assertionResults }) => assertionResults)
    .flatMap(({ title, status }) => {
      const found = named.exec(title)?.groups;
      return found === undefined ? [] : [{ ...found, passed: status === "passed" }];
    });
}

function tableOf(results) {
  const subjectOf = ({ how, type, backend }) => `\`${type}\`, ${backend}${how === undefined ? "" : `, ${how}`}`;
  const subjects = [...new Set(results.map(subjectOf))].sort();
  const names = [...new Set(results.map(({ name }) => name))];
  const row = (cells) => `| ${cells.join(" | ")} |\n`;
  const cell = (name, subject) => {
    const one = results.find((result) => result.name === name && subjectOf(result) === subject);
    if (one === undefined) return "";
    return one.passed ? "✓" : "✗";
  };
  const head = row(["", ...subjects]) + row(["---", ...subjects.map(() => "---")]);
  return head + names.map((name) => row([name, ...subjects.map((subject) => cell(name, subject))])).join("");
}
