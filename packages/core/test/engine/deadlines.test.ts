import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Deadlines } from "../../src/engine/deadlines.ts";
import { Job } from "../../src/engine/job.ts";
import { taskPolicySchema } from "../../src/engine/policy.ts";
import { createTask } from "../../src/engine/task.ts";

const task = createTask("event", taskPolicySchema.parse({}));
const sink = { write: () => true, end: () => undefined, fail: () => undefined };

function jobDue(deadline: number): Job {
  return new Job({ cancelled: () => undefined }, "job", task, { deadline }, sink, 0);
}

describe("deadlines", () => {
  it("expire in their order, and those that were removed never do", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ after: fc.nat(1000), removed: fc.boolean() }), { maxLength: 60 }), (plan) => {
        vi.useFakeTimers();
        try {
          const expired: number[] = [];
          const deadlines = new Deadlines((job) => expired.push(job.deadline));
          const start = Date.now();
          const jobs = plan.map(({ after }) => jobDue(start + after));
          for (const job of jobs) deadlines.add(job);
          plan.forEach(({ removed }, index) => {
            if (removed) deadlines.remove(jobs[index] as Job);
          });
          vi.advanceTimersByTime(2000);
          const expected = plan.filter(({ removed }) => !removed).map(({ after }) => start + after);
          expect(expired).toEqual(expected.sort((a, b) => a - b));
          expect(vi.getTimerCount()).toBe(0);
        } finally {
          vi.useRealTimers();
        }
      }),
    );
  });

  it("need one timer for any number of jobs", () => {
    vi.useFakeTimers();
    try {
      const deadlines = new Deadlines(() => undefined);
      for (let after = 1; after <= 1000; after++) deadlines.add(jobDue(Date.now() + after * 10));
      expect(vi.getTimerCount()).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });
});
