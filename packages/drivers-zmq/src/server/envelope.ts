/**
 * Finds the delimiter: the first empty frame, which ends the envelope. What is before it are the return addresses that
 * proxies added (ZeroMQ RFC 28, "Request-Reply").
 *
 * @returns its index, or -1 where no frame is empty.
 */
export function delimiterOf(frames: readonly Uint8Array[]): number {
  return frames.findIndex((frame) => frame.length === 0);
}
