import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JobTable } from "../../src/engine/job-table.ts";

interface Job {
  number: number;
}

function add(table: JobTable<Job>): Job {
  const job = { number: 0 };
  job.number = table.add(job);
  return job;
}

describe("the table of jobs", () => {
  it("behaves as a map from growing numbers, also where they wrap", () => {
    const steps = fc.array(fc.oneof(fc.constant("add" as const), fc.nat(500)), { maxLength: 600 });
    fc.assert(
      fc.property(steps, fc.constantFrom(0, 0xffff_fff0), (plan, start) => {
        const table = new JobTable<Job>(start);
        const model: Job[] = [];
        for (const step of plan) {
          if (step === "add") {
            const job = add(table);
            expect(job.number).toBeGreaterThan(0);
            expect(job.number).toBeLessThanOrEqual(0xffff_ffff);
            const before = model.at(-1);
            if (before !== undefined) expect((job.number - before.number) | 0).toBeGreaterThan(0);
            model.push(job);
          } else if (model.length > 0) {
            const [job] = model.splice(step % model.length, 1);
            table.remove((job as Job).number);
            expect(table.get((job as Job).number)).toBeUndefined();
          }
          expect(table.size).toBe(model.length);
          for (const job of model) expect(table.get(job.number)).toBe(job);
        }
        expect(table.clear()).toEqual(model);
        expect(table.size).toBe(0);
      }),
    );
  });

  it("does not grow for one job that runs on while others come and go", () => {
    const table = new JobTable<Job>();
    const long = add(table);
    for (let count = 0; count < 100_000; count++) table.remove(add(table).number);
    expect(table.get(long.number)).toBe(long);
    expect(table.size).toBe(1);
  });
});
