/** The letters of Z85 (ZeroMQ RFC 32), by their values. */
const LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/** Whether a text is a key of 32 bytes. */
export function isZ85Key(text: string): boolean {
  if (text.length !== 40) return false;
  for (let at = 0; at < 40; at += 5) if (numberOf(text.slice(at, at + 5)) === undefined) return false;
  return true;
}

/** The bytes of a text of Z85. @throws RangeError if it is none. */
export function decodeZ85(text: string): Buffer {
  const bytes = Buffer.alloc((text.length / 5) * 4);
  for (let at = 0; at < text.length; at += 5) {
    const value = numberOf(text.slice(at, at + 5));
    if (value === undefined) throw new RangeError("not Z85");
    bytes.writeUInt32BE(value, (at / 5) * 4);
  }
  return bytes;
}

/** The text of bytes, whose number divides by 4. */
export function encodeZ85(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes);
  let text = "";
  for (let at = 0; at < buffer.length; at += 4) {
    const value = buffer.readUInt32BE(at);
    for (let power = 85 ** 4; power >= 1; power /= 85) text += LETTERS[Math.floor(value / power) % 85];
  }
  return text;
}

/** The 32 bits of five letters, or `undefined` if they are none. */
function numberOf(letters: string): number | undefined {
  let value = 0;
  for (const letter of letters) {
    const digit = LETTERS.indexOf(letter);
    if (digit < 0) return undefined;
    value = value * 85 + digit;
  }
  return letters.length === 5 && value < 2 ** 32 ? value : undefined;
}
