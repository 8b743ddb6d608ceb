import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createError, isCocaineError, messageOf } from "../src/index.ts";

const root = new URL("../../..", import.meta.url).pathname;

/** Every code that a source file of the repository names. */
function codesInSources(): Set<string> {
  const folders = ["packages", "apps"].flatMap((area) =>
    readdirSync(join(root, area)).map((name) => join(root, area, name)),
  );
  const files = folders.flatMap((folder) =>
    ["src", "python"].flatMap((part) => {
      try {
        return readdirSync(join(folder, part), { recursive: true, encoding: "utf8" })
          .filter((file) => /\.(ts|py)$/.test(file))
          .map((file) => join(folder, part, file));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
        throw error;
      }
    }),
  );
  return new Set(files.flatMap((file) => readFileSync(file, "utf8").match(/\bCOC_[A-Z][A-Z_]*[A-Z]\b/g) ?? []));
}

describe("errors", () => {
  it("are all listed in docs/errors.md, and nothing else is", () => {
    const documented = new Set(readFileSync(join(root, "docs/errors.md"), "utf8").match(/\bCOC_[A-Z_]+[A-Z]\b/g));
    expect([...documented].sort()).toEqual([...codesInSources()].sort());
  });

  it("are known by a brand, and carry code, cause and details", () => {
    const cause = new Error("below");
    const error = createError("COC_DEPLOY", "it failed", { cause, details: { app: "a" } });
    expect(isCocaineError(error)).toBe(true);
    expect(error).toMatchObject({ code: "COC_DEPLOY", message: "it failed", cause, details: { app: "a" } });
    expect(isCocaineError(cause)).toBe(false);
    expect(isCocaineError(null)).toBe(false);
    expect(messageOf("text")).toBe("text");
  });
});
