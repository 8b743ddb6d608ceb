import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, launchOf } from "./support/launch.ts";

const folder = mkdtempSync(join(tmpdir(), "cxx-units-"));
const program = join(folder, "units");

beforeAll(() => {
  const include = fileURLToPath(new URL("../cxx/include", import.meta.url));
  const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
  execFileSync("c++", ["-std=c++17", "-g", ...sanitizers, `-I${include}`, "-o", program, fixture("units.cpp")]);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** What the program makes of this; what the sanitizers find is an error. */
function run(input: string | Uint8Array, ...args: string[]): Buffer {
  const { status, stdout, stderr } = spawnSync(program, args, { input });
  expect(stderr.toString()).toBe("");
  expect(status).toBe(0);
  return stdout;
}

/** Documents without line breaks, each to what becomes of it. */
function rewrite(documents: readonly string[]): string[] {
  const lines = run(`${documents.join("\n")}\n`, "json")
    .toString()
    .split("\n");
  expect(lines.pop()).toBe("");
  expect(lines).toHaveLength(documents.length);
  return lines;
}

test("another link drives the handlers of a worker", async () => {
  const { command } = await launchOf(fixture("other-link.cpp"));
  expect(execFileSync(command, { encoding: "utf8" })).toBe("10 0 7 aa\n10 0 7 bcbc\n11 1 7\n0 left\n");
});

describe("JSON", () => {
  test("means what JSON.parse() says", () => {
    fc.assert(
      fc.property(fc.array(fc.json({ stringUnit: "binary" }), { minLength: 1, maxLength: 50 }), (documents) => {
        const read = rewrite(documents).map((line) => JSON.parse(line));
        expect(read).toEqual(documents.map((document) => JSON.parse(document)));
      }),
      { numRuns: 20 },
    );
  });

  test.each([
    ['"\\u00e9\\ud83d\\ude00\\/\\b\\f\\n\\r\\t\\"\\\\"', 'é😀/\b\f\n\r\t"\\'],
    ['"\\ud83d"', "\ufffd"],
    ['"\\ud83d\\u0041"', "\ufffdA"],
    ['"\\ude00\\ud83d"', "\ufffd\ufffd"],
    [' { "a" : [ 1 , { "b" : "]}" } ] } ', { a: [1, { b: "]}" }] }],
  ])("%s", (document, value) => {
    expect(rewrite([document]).map((line) => JSON.parse(line))).toEqual([value]);
  });

  test("that is cut off or damaged breaks nothing", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.json({ stringUnit: "binary" }),
            fc.nat(),
            fc.nat(),
            fc.constantFrom("", '"', "\\", "}", "[", "\\u"),
          ),
          {
            minLength: 1,
            maxLength: 50,
          },
        ),
        (damages) => {
          rewrite(
            damages.map(([document, from, to, put]) => {
              const at = from % (document.length + 1);
              return document.slice(0, at) + put + document.slice(at + (to % 4));
            }),
          );
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe("text", () => {
  test("stays as it is where it is UTF-8", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 500 }), (text) => {
        const bytes = Buffer.from(text.toWellFormed());
        expect(run(bytes, "text")).toEqual(bytes);
      }),
      { numRuns: 20 },
    );
  });

  test("is UTF-8 whatever it was", () => {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        expect(() => decoder.decode(run(bytes, "text"))).not.toThrow();
      }),
      { numRuns: 20 },
    );
    const odd = Buffer.from("c080eda080f4908080e0809fc3", "hex");
    expect(run(odd, "text").toString()).toBe("\\xc0\\x80\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80\\xe0\\x80\\x9f\\xc3");
  });
});

describe("ZMTP", () => {
  const frame = (body: string | Buffer, flags: number): Buffer => {
    const bytes = Buffer.from(body);
    if (bytes.length < 256) return Buffer.concat([Buffer.from([flags, bytes.length]), bytes]);
    const header = Buffer.alloc(9);
    header[0] = flags | 2;
    header.writeBigUInt64BE(BigInt(bytes.length), 1);
    return Buffer.concat([header, bytes]);
  };
  const long = "x".repeat(300);
  const bytes = Buffer.concat([
    frame(Buffer.from("0101000000000007", "hex"), 1),
    frame("echo", 1),
    frame("", 1),
    frame(long, 0),
    frame(Buffer.from("\x04PING\0\0context", "latin1"), 4),
    frame(Buffer.from("04000000ffffffff", "hex"), 0),
    frame("no header of a message", 0),
    frame("\x05OTHER", 4),
    frame(Buffer.from("6300000000000001", "hex"), 1),
    ...["a", "b", "c", "d"].map((body) => frame(body, 1)),
    frame("e", 0),
    frame(Buffer.from("0200000000000000", "hex"), 1),
  ]);
  const expected = [
    `message 1 1 7 echo  ${long}`,
    // PONG: two bytes of a header, one and four of a name, and the context.
    `command, answered with ${2 + 5 + "context".length}`,
    "message 4 0 4294967295",
    "command, answered with 0",
    "message 99 0 1 a b c",
    "10 left",
    "",
  ].join("\n");

  test.each([1, 2, 3, 7, 50, 311, 10_000])("is taken apart however it comes, %i bytes at a time", (step) => {
    expect(run(bytes, "split", String(step)).toString()).toBe(expected);
  });
});
