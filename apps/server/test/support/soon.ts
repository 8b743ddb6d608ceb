/** How long `vi.waitFor()` waits for what a busy machine does late; it ends as soon as it is so. */
export const soon = { timeout: 15_000, interval: 100 };
