import { z } from "@cocaine/core/plugin";

const MIB = 1024 * 1024;

/** Bytes that wait for one peer before its jobs wait; a Node socket tells of no less than its own buffer, 64 KiB. */
export const hwm = z
  .int()
  .min(64 * 1024)
  .default(MIB);

/** Bounds of what one peer may send and hold, to be spread into the limits of a driver. */
export const peerLimits = {
  /**
   * Bytes of one message, all frames together; of a socket of libzmq of one frame. A peer that sends more is
   * disconnected.
   */
  message: z
    .int()
    .positive()
    .default(64 * MIB),
  /** Frames of one message with its envelope; one of more is not taken. */
  frames: z.int().positive().default(1024),
  /** Bytes of one reply, each chunk counting 64 more; a job that answers more fails. */
  reply: z
    .int()
    .positive()
    .default(64 * MIB),
  /** Seconds that a peer above `hwm` has to take what waits for it before it is let go; 0 is for ever. */
  stall: z.number().nonnegative().default(60),
};
