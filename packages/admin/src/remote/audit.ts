/** What became of one request to the endpoint of remote administration. No input, no body, no secret. */
export interface AuditRecord {
  /** ISO 8601. */
  readonly time: string;
  /** Address that it came from. */
  readonly from: string;
  /** The user whose key signed it; `undefined` where none did. */
  readonly user: string | undefined;
  /** Fingerprint of that key; of a request that was refused, the one that it gave, which proves nothing. */
  readonly fingerprint: string | undefined;
  readonly role: string | undefined;
  readonly action: string | undefined;
  readonly app: string | undefined;
  /**
   * `ok`, the code of the error, or `refused`. `cancelled`: the client gave it up or left, or the node closed, before it was
   * over.
   */
  readonly outcome: string;
  /** Why it was refused. */
  readonly reason: string | undefined;
  /** Milliseconds that it took. */
  readonly ms: number;
}

/** Takes records as they come. */
export type Audit = (record: AuditRecord) => void;
