import { expect, it } from "vitest";
import { createInbox } from "../src/inbox.ts";

it("an inbox gives what was put, before and while it is read, until it is aborted", async () => {
  const controller = new AbortController();
  const inbox = createInbox<number>({ signal: controller.signal });
  inbox.put(1);
  inbox.put(2);
  const seen: number[] = [];
  for await (const value of inbox) {
    seen.push(value);
    if (value === 2) queueMicrotask(() => inbox.put(3));
    if (value === 3) controller.abort();
  }
  expect(seen).toEqual([1, 2, 3]);
});

it("an inbox that nobody reads keeps the newest and no more", async () => {
  const controller = new AbortController();
  const inbox = createInbox<number>({ signal: controller.signal, limit: 3 });
  for (let n = 1; n <= 10; n++) inbox.put(n);
  const seen: number[] = [];
  for await (const value of inbox) {
    seen.push(value);
    if (seen.length === 3) controller.abort();
  }
  expect(seen).toEqual([8, 9, 10]);
});
