/** What a bundle is uploaded to, piece by piece: the storage itself, or a node that writes to it. */
export interface BundleTarget {
  /**
   * Asks for a bundle. One that is whole is kept for a day from now on. Else an upload begins, or the one that was cut
   * off goes on.
   *
   * @param size - bytes of the archive.
   * @returns whether it is whole.
   * @throws `COC_BUNDLE_SIZE`
   */
  begin(sha256: string, size: number): Promise<boolean>;
  /** Stores a piece: 768 KiB from `index` times that on, or what is left. @throws `COC_BUNDLE_UPLOAD` */
  put(sha256: string, index: number, piece: Uint8Array): Promise<void>;
  /** Ends the upload, if all of it is there. @throws `COC_BUNDLE_DAMAGED` where it is not, or of another hash */
  seal(sha256: string): Promise<void>;
}
