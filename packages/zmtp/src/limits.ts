/** What a peer may make a socket hold and wait for. */
export interface Limits {
  /** Bytes of one frame. @defaultValue 67,108,864 (64 MiB) */
  readonly frame?: number;
  /** Bytes of one message, all frames together. @defaultValue 67,108,864 (64 MiB) */
  readonly message?: number;
  /** Frames of one message. @defaultValue 1,024 */
  readonly frames?: number;
  /** Milliseconds that a handshake may take. @defaultValue 5,000 */
  readonly handshake?: number;
  /** Connections at once, of a router. @defaultValue 10,000 */
  readonly connections?: number;
}

const DEFAULTS: Required<Limits> = {
  frame: 67_108_864,
  message: 67_108_864,
  frames: 1024,
  handshake: 5000,
  connections: 10_000,
};

export function limitsOf(limits: Limits = {}): Required<Limits> {
  return { ...DEFAULTS, ...limits };
}
