import { describe, expect, it } from "vitest";
import { table } from "../src/table.ts";
import { duration, shortTime, size } from "../src/units.ts";

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

describe("a short time", () => {
  it.each([
    [0, "0µs"],
    [0.000_087_4, "87µs"],
    [0.001_25, "1.25ms"],
    [0.64, "640ms"],
    [3.1, "3.1s"],
    [59.96, "60s"],
    [61, "1m 1s"],
  ])("of %d seconds is %s", (seconds, text) => {
    expect(shortTime(seconds)).toBe(text);
  });
});

describe("a size", () => {
  it.each([
    [0, "0B"],
    [0.4, "0B"],
    [999, "999B"],
    [1500, "1.5kB"],
    [20_000_000, "20MB"],
    [3.21e15, "3210TB"],
  ])("of %d bytes is %s", (bytes, text) => {
    expect(size(bytes)).toBe(text);
  });
});
