import { describe, expect, it } from "vitest";
import { createLogBook, type LogEntry } from "../src/index.ts";

function entry(message: string, app?: string): LogEntry {
  return { time: 0, level: "info", message, app, fields: {} };
}

const messages = (entries: readonly LogEntry[]): string[] => entries.map(({ message }) => message);

describe("a log book", () => {
  it("keeps the last lines of the node and of each app, oldest first", () => {
    const logs = createLogBook({ limit: 3 });
    for (const n of [1, 2, 3, 4]) logs.append(entry(`busy ${n}`, "busy"));
    logs.append(entry("up"));
    expect(messages(logs.recent())).toEqual(["busy 3", "busy 4", "up"]);
    expect(messages(logs.recent("busy"))).toEqual(["busy 2", "busy 3", "busy 4"]);
  });

  it("does not let a busy app wash a quiet one away", () => {
    const logs = createLogBook({ limit: 10 });
    logs.append(entry("I am here", "quiet"));
    for (let n = 0; n < 100; n++) logs.append(entry("hum", "busy"));
    expect(messages(logs.recent("quiet"))).toEqual(["I am here"]);
  });

  it("forgets the app that was silent longest when there are too many", () => {
    const logs = createLogBook({ apps: 2 });
    for (const app of ["a", "b", "a", "c"]) logs.append(entry(`from ${app}`, app));
    expect(logs.recent("b")).toEqual([]);
    expect(logs.recent("a")).toHaveLength(2);
    expect(logs.recent("c")).toHaveLength(1);
  });

  it("hands new lines over until the subscription ends", () => {
    const logs = createLogBook();
    const own: string[] = [];
    const all: string[] = [];
    const stop = logs.subscribe("a", ({ message }) => own.push(message));
    logs.subscribe(undefined, ({ message }) => all.push(message));
    logs.append(entry("one", "a"));
    logs.append(entry("two", "b"));
    stop();
    logs.append(entry("three", "a"));
    expect(own).toEqual(["one"]);
    expect(all).toEqual(["one", "two", "three"]);
  });
});
