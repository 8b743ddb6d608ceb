import { ZmtpError } from "./errors.ts";

// Commands and greeting of ZMTP 3.1 (RFC 37) and of its PLAIN mechanism (RFC 24).

/** Name of a mechanism that this package speaks. */
export type Mechanism = "NULL" | "PLAIN";

/** Metadata of READY and INITIATE, names in lower case. */
export type Metadata = ReadonlyMap<string, Buffer>;

export const GREETING_LENGTH = 64;

// How the PLAIN server of libzmq (4.3.5 among others) begins its ERROR: 0x5e in place of a length of 5 and an E.
const MISSPELT_ERROR = "^RROR";

export function encodeGreeting(mechanism: Mechanism, server: boolean): Buffer {
  const greeting = Buffer.alloc(GREETING_LENGTH);
  greeting[0] = 0xff;
  greeting[9] = 0x7f;
  greeting[10] = 3;
  greeting[11] = 1;
  greeting.write(mechanism, 12, "latin1");
  greeting[32] = server ? 1 : 0;
  return greeting;
}

/**
 * Checks a greeting as far as it has come, so that a stranger is turned away at its first wrong byte.
 *
 * @throws `COC_ZMTP_PROTOCOL`
 */
export function checkGreeting(greeting: Buffer, mechanism: Mechanism): void {
  if (greeting.length > 0 && greeting[0] !== 0xff) throw protocol("the peer does not speak ZMTP");
  if (greeting.length > 9 && ((greeting[9] as number) & 1) === 0) throw protocol("the peer does not speak ZMTP 3");
  if (greeting.length > 10 && (greeting[10] as number) < 3)
    throw protocol(`the peer speaks ZMTP ${greeting[10]}, this socket 3`);
  if (greeting.length < 32) return;
  const theirs = greeting.toString("latin1", 12, 32).replace(/\0+$/, "");
  if (theirs !== mechanism)
    throw protocol(`the peer wants the mechanism ${JSON.stringify(theirs)}, this socket ${mechanism}`);
}

/** A command's name and what follows it. */
export function splitCommand(body: Uint8Array): { name: string; data: Buffer } {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.length);
  const length = buffer[0] ?? 0;
  if (buffer.length < 1 + length && buffer.toString("latin1", 0, MISSPELT_ERROR.length) === MISSPELT_ERROR) {
    return { name: "ERROR", data: buffer.subarray(MISSPELT_ERROR.length) };
  }
  if (length === 0 || buffer.length < 1 + length) throw protocol("a command without a name");
  return { name: buffer.toString("latin1", 1, 1 + length), data: buffer.subarray(1 + length) };
}

export function encodeCommand(name: string, ...parts: Uint8Array[]): Buffer {
  return Buffer.concat([shortText(name), ...parts]);
}

export function encodeMetadata(socketType: string, routingId?: Uint8Array): Buffer {
  const identity = routingId === undefined ? [] : [property("Identity", routingId)];
  return Buffer.concat([property("Socket-Type", Buffer.from(socketType)), ...identity]);
}

export function decodeMetadata(data: Buffer): Metadata {
  const metadata = new Map<string, Buffer>();
  let at = 0;
  while (at < data.length) {
    const nameEnd = at + 1 + (data[at] as number);
    if (nameEnd + 4 > data.length) throw protocol("metadata ends in the middle");
    const valueEnd = nameEnd + 4 + data.readUInt32BE(nameEnd);
    if (valueEnd > data.length) throw protocol("metadata ends in the middle");
    metadata.set(data.toString("latin1", at + 1, nameEnd).toLowerCase(), data.subarray(nameEnd + 4, valueEnd));
    at = valueEnd;
  }
  return metadata;
}

export function encodeCredentials(username: string, password: string): Buffer {
  return Buffer.concat([shortText(username), shortText(password)]);
}

export function decodeCredentials(data: Buffer): { username: string; password: string } {
  const userEnd = 1 + (data[0] ?? 0);
  const passwordEnd = userEnd + 1 + (data[userEnd] ?? 0);
  if (data.length === 0 || passwordEnd !== data.length) throw protocol("credentials of a wrong length");
  return { username: data.toString("utf8", 1, userEnd), password: data.toString("utf8", userEnd + 1, passwordEnd) };
}

export function encodeError(reason: string): Buffer {
  return encodeCommand("ERROR", shortText(reason.slice(0, 255)));
}

function shortText(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > 255) throw new ZmtpError("COC_ZMTP_LIMIT", `text of ${bytes.length} bytes, the limit is 255`);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function property(name: string, value: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value.length);
  return Buffer.concat([shortText(name), length, value]);
}

function protocol(message: string): ZmtpError {
  return new ZmtpError("COC_ZMTP_PROTOCOL", message);
}
