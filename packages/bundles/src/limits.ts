/** How much a bundle may have. */
export interface BundleLimits {
  /** Bytes of the archive, and of its files. @defaultValue 256 MiB */
  readonly bytes: number;
  /** Files, folders and links. @defaultValue 20000 */
  readonly entries: number;
  /** Bytes of a path inside the bundle. @defaultValue 1024 */
  readonly path: number;
}

const DEFAULTS: BundleLimits = { bytes: 256 * 1024 * 1024, entries: 20_000, path: 1024 };

export function limitsOf(limits: Partial<BundleLimits> = {}): BundleLimits {
  return { ...DEFAULTS, ...limits };
}

/** Bytes as a person says them: `768 kB`, `256 MB`. */
export function sizeText(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${Math.ceil(bytes / 1_000_000)} MB`;
}
