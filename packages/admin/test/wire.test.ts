import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeAnswer, decodeRequest, encodeAnswer, encodeRequest, parse } from "../src/wire.ts";

describe("the frames of the local channel", () => {
  it("carry every request as it was", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.jsonValue(), fc.option(fc.uint8Array()), (id, action, input, body) => {
        const frames = encodeRequest(id.toWellFormed(), { action: action.toWellFormed(), input }, body ?? undefined);
        const decoded = decodeRequest(frames);
        expect(decoded.id).toBe(id.toWellFormed());
        expect(decoded.header).toEqual(JSON.parse(JSON.stringify({ action: action.toWellFormed(), input })));
        expect(decoded.body ?? null).toEqual(body);
      }),
    );
  });

  it("carry every answer as it was", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.uint8Array(), (value, bytes) => {
        const item = decodeAnswer(encodeAnswer("7", "item", value));
        expect(item).toMatchObject({ id: "7", kind: "item" });
        expect(parse(item.payload)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(decodeAnswer(encodeAnswer("7", "bytes", bytes)).payload).toEqual(bytes);
      }),
    );
  });

  it("refuse whatever is no request", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (frames) => {
        expect(() => decodeRequest(frames)).toThrow(expect.objectContaining({ code: "COC_ADMIN_PROTOCOL" }));
      }),
    );
  });
});
