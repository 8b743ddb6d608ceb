import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Job } from "../../src/engine/job.ts";
import { taskPolicySchema } from "../../src/engine/policy.ts";
import { Queue } from "../../src/engine/queue.ts";
import { createTask } from "../../src/engine/task.ts";

const task = createTask("event", taskPolicySchema.parse({}));
const sink = { write: () => true, end: () => undefined, fail: () => undefined };
let count = 0;

function job(urgent: boolean): Job {
  return new Job({ idPrefix: "job-", cancelled: () => undefined }, ++count, task, { urgent }, sink, count);
}

const step = fc.oneof(
  fc.record({ do: fc.constant("push" as const), urgent: fc.boolean() }),
  fc.record({ do: fc.constant("unshift" as const), urgent: fc.boolean() }),
  fc.record({ do: fc.constant("shift" as const) }),
  fc.record({ do: fc.constant("remove" as const), at: fc.nat(30) }),
);

describe("the queue", () => {
  it("behaves as two lists, the urgent before the others, whatever is done to it", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new Queue();
        const urgent: Job[] = [];
        const normal: Job[] = [];
        for (const each of steps) {
          if (each.do === "push" || each.do === "unshift") {
            const added = job(each.urgent);
            queue[each.do](added);
            (each.urgent ? urgent : normal)[each.do](added);
          } else if (each.do === "shift") {
            expect(queue.shift()).toBe(urgent.shift() ?? normal.shift());
          } else {
            const all = [...urgent, ...normal];
            const removed = all[each.at % Math.max(1, all.length)];
            if (removed === undefined) continue;
            queue.remove(removed);
            const lane = removed.urgent ? urgent : normal;
            lane.splice(lane.indexOf(removed), 1);
          }
          expect(queue.length).toBe(urgent.length + normal.length);
          expect(queue.oldest).toBe(normal[0] ?? urgent[0]);
          const heads = [urgent[0], normal[0]].flatMap((head) => (head === undefined ? [] : [head.queuedAt]));
          expect(queue.waitingSince).toBe(heads.length === 0 ? undefined : Math.min(...heads));
        }
      }),
    );
  });
});
