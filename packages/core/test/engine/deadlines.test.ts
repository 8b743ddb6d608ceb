import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Deadlines } from "../../src/engine/deadlines.ts";
import { Job } from "../../src/engine/job.ts";
import { taskPolicySchema } from "../../src/engine/policy.ts";
import { createTask, type Task } from "../../src/engine/task.ts";

const createTasks = () => ["event", "other"].map((name) => createTask(name, taskPolicySchema.parse({})));
const sink = { write: () => true, end: () => undefined, fail: () => undefined };

function jobDue(deadline: number, task = createTasks()[0] as Task): Job {
  return new Job({ idPrefix: "job-", cancelled: () => undefined }, 1, task, { deadline }, sink, 0);
}

describe("deadlines", () => {
  it("expire in their order, and those that were removed never do", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ after: fc.nat(1000), of: fc.nat(1), removed: fc.boolean() }), { maxLength: 60 }),
        (plan) => {
          vi.useFakeTimers();
          try {
            const expired: number[] = [];
            const deadlines = new Deadlines((job) => expired.push(job.deadline));
            const start = Date.now();
            const tasks = createTasks();
            const jobs = plan.map(({ after, of }) => jobDue(start + after, tasks[of]));
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
        },
      ),
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
