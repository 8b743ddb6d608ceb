import fc from "fast-check";
import { expect, test } from "vitest";
import { curveKeyPair } from "zeromq";
import { publicKeyOf } from "../../src/socket/keys.ts";
import { decodeZ85, encodeZ85, isZ85Key } from "../../src/socket/z85.ts";

test("the example of RFC 32", () => {
  const bytes = Buffer.from("864fd26fb559f75b", "hex");
  expect(encodeZ85(bytes)).toBe("HelloWorld");
  expect(decodeZ85("HelloWorld")).toEqual(bytes);
});

test("32 bytes are a key, and come back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const text = encodeZ85(bytes);
      expect(isZ85Key(text)).toBe(true);
      expect(decodeZ85(text)).toEqual(Buffer.from(bytes));
    }),
  );
});

test.each(["", "a".repeat(39), "a".repeat(41), `${"a".repeat(39)}"`, "#".repeat(40)])("%j is no key", (text) => {
  expect(isZ85Key(text)).toBe(false);
});

test("what is not Z85 is a RangeError", () => {
  expect(() => decodeZ85('ab"de')).toThrow(RangeError);
});

test("a secret key has the public key that libzmq made with it", () => {
  for (let at = 0; at < 20; at++) {
    const { publicKey, secretKey } = curveKeyPair();
    expect(publicKeyOf(secretKey)).toBe(publicKey);
  }
});
