import { expect, test } from "vitest";
import { Backlog } from "../../src/feed/backlog.ts";

test("the oldest message comes first", () => {
  const backlog = new Backlog(10, 1000);
  backlog.push(["a", "1"]);
  backlog.push(["b", "2"]);
  expect([backlog.shift(), backlog.shift(), backlog.shift()]).toEqual([["a", "1"], ["b", "2"], undefined]);
});

test("beyond its number of messages the oldest are dropped and counted", () => {
  const backlog = new Backlog(3, 1000);
  const dropped = ["1", "2", "3", "4", "5"].map((body) => backlog.push(["e", body]));
  expect(dropped).toEqual([0, 0, 0, 1, 1]);
  expect([backlog.shift(), backlog.shift(), backlog.shift(), backlog.shift()].map((message) => message?.[1])).toEqual([
    "3",
    "4",
    "5",
    undefined,
  ]);
});

test("beyond its bytes as many of the oldest are dropped as needed, at two bytes a character", () => {
  const backlog = new Backlog(100, 40);
  for (const body of ["123", "456", "789"]) expect(backlog.push(["e", body])).toBe(0);
  expect(backlog.push(["e", "0123456789"])).toBe(1);
  expect(backlog.shift()?.[1]).toBe("456");
});

test("a message larger than all the room is dropped itself", () => {
  const backlog = new Backlog(100, 40);
  expect(backlog.push(["e", "x".repeat(21)])).toBe(1);
  expect(backlog.shift()).toBeUndefined();
});

test("a long run through a short backlog keeps the order and its bounds", () => {
  const backlog = new Backlog(5, 10_000);
  const taken: string[] = [];
  for (let at = 0; at < 1000; at++) {
    backlog.push(["e", String(at)]);
    if (at % 3 === 0) taken.push(backlog.shift()?.[1] ?? "none");
  }
  expect(taken).toEqual([...taken].sort((a, b) => Number(a) - Number(b)));
  expect(new Set(taken).size).toBe(taken.length);
});
