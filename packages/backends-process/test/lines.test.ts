import { LINE_LIMIT } from "@cocaine/core/plugin";
import fc from "fast-check";
import { expect, it } from "vitest";
import { readLines } from "../src/lines.ts";

async function linesOf(chunks: Iterable<Buffer>): Promise<string[]> {
  const lines: string[] = [];
  async function* stream() {
    yield* chunks;
  }
  await readLines(stream(), (line) => lines.push(line));
  return lines;
}

function cut(bytes: Buffer, size: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let from = 0; from < bytes.length; from += size) chunks.push(bytes.subarray(from, from + size));
  return chunks;
}

it("lines are the same however their bytes come", async () => {
  const text = fc.string({ unit: "grapheme" }).filter((line) => !/[\r\n]/.test(line));
  await fc.assert(
    fc.asyncProperty(fc.array(text), fc.integer({ min: 1, max: 9 }), async (lines, size) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
      expect(await linesOf(cut(bytes, size))).toEqual(lines);
    }),
  );
});

it("a last line without an end is a line, and CRLF ends one as well", async () => {
  expect(await linesOf([Buffer.from("a\r\n\r\nb")])).toEqual(["a", "", "b"]);
});

it("a long line is cut, and the next is not", async () => {
  const [long, next] = await linesOf(cut(Buffer.from(`${"x".repeat(LINE_LIMIT * 3)}\nnext\n`), 1000));
  expect(long).toBe(`${"x".repeat(LINE_LIMIT)}… (cut)`);
  expect(next).toBe("next");
});

it("a flood of lines lets the rest of the process have its turns", async () => {
  let turns = 0;
  let immediate = setImmediate(function count() {
    turns++;
    immediate = setImmediate(count);
  });
  const lines = await linesOf([Buffer.from("y\n".repeat(10_000))]);
  clearImmediate(immediate);
  expect(lines).toHaveLength(10_000);
  expect(turns).toBeGreaterThan(30);
});
