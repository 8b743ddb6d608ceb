import { describe, expect, it } from "vitest";
import { table } from "../src/table.ts";
import { duration } from "../src/units.ts";

describe("a table", () => {
  it("has columns as wide as they need to be, and dashes for what is not there", () => {
    expect(
      table(
        ["APP", "STATE"],
        [
          ["blog", "running"],
          ["a-long-name", undefined],
        ],
      ),
    ).toBe("APP          STATE\nblog         running\na-long-name  -");
  });
});

describe("a duration", () => {
  it.each([
    [0.4, "0s"],
    [12, "12s"],
    [184, "3m 4s"],
    [180, "3m"],
    [3600, "1h"],
    [5 * 3600 + 6 * 60 + 59, "5h 6m"],
    [7 * 86_400 + 8 * 3600, "7d 8h"],
  ])("of %d seconds is %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});
