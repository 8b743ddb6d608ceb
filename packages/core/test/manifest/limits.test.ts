import { describe, expect, it } from "vitest";
import { engineSchema } from "../../src/engine/policy.ts";
import { issuesOf } from "../../src/manifest/issues.ts";

const wrong = (engine: unknown): string[] => {
  const parsed = engineSchema.safeParse(engine);
  return parsed.success ? [] : issuesOf(parsed.error, engine, engineSchema).map(({ message }) => message);
};

describe("the limits of an engine", () => {
  it("are bytes as numbers or with a unit, seconds and counts", () => {
    const limits = {
      as: "1GB",
      data: "1.5GiB",
      fsize: "10 KB",
      core: 0,
      stack: "8192B",
      cpu: 60,
      nofile: 1024,
      nproc: 10,
    };
    expect(engineSchema.parse({ limits })).toMatchObject({
      limits: { as: 1e9, data: 1.5 * 2 ** 30, fsize: 10_000, core: 0, stack: 8192, cpu: 60, nofile: 1024, nproc: 10 },
    });
    expect(engineSchema.parse({})).toMatchObject({ limits: {}, user: undefined, group: undefined, cwd: undefined });
  });

  it("that are wrong are told with what is right", () => {
    const text = 'text such as "512MB", "1.5GB" or "256MiB"';
    expect(wrong({ limits: { as: "much", data: "5 mb", fsize: -1, memlock: 1.5 } })).toEqual([
      `limits.as: found "much", expected a number, or ${text}`,
      `limits.data: found "5 mb", expected a number, or ${text}`,
      "limits.fsize: found -1, expected a number of at least 0",
      "limits.memlock: found 1.5, expected a whole number, or text",
    ]);
    expect(wrong({ limits: { cpu: 0, nofle: 1 } })).toEqual([
      "limits.cpu: found 0, expected a number of at least 1",
      'limits.nofle: found the unknown key "nofle", expected a known key; did you mean "nofile"?',
    ]);
  });
});

describe("the user of an engine", () => {
  it("is a name or a number, and a group comes beside it", () => {
    expect(engineSchema.parse({ user: "www-data", group: 33, cwd: "/srv" })).toMatchObject({
      user: "www-data",
      group: 33,
      cwd: "/srv",
    });
    expect(wrong({ group: "www-data" })).toEqual(['group: found "www-data", expected a user beside it']);
    expect(wrong({ user: "--no" })).toEqual(['user: found "--no", expected the name of an account']);
    expect(wrong({ cwd: "data" })).toEqual(['cwd: found "data", expected an absolute path']);
  });
});
