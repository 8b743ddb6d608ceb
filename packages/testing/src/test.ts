/** The function of a test runner that declares one test: `test` of node:test or vitest, `it` of mocha. */
export type Test = (name: string, run: () => Promise<void>) => unknown;
