/** Stable codes of this package's errors. */
export type ZmtpErrorCode =
  | "COC_ZMTP_ENDPOINT"
  | "COC_ZMTP_ADDRESS_IN_USE"
  | "COC_ZMTP_PROTOCOL"
  | "COC_ZMTP_LIMIT"
  | "COC_ZMTP_HANDSHAKE_TIMEOUT"
  | "COC_ZMTP_HEARTBEAT"
  | "COC_ZMTP_REFUSED"
  | "COC_ZMTP_CONNECT"
  | "COC_ZMTP_CLOSED";

/** A failure of a socket or of its peer. */
export class ZmtpError extends Error {
  readonly code: ZmtpErrorCode;

  constructor(code: ZmtpErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "ZmtpError";
    this.code = code;
  }
}
