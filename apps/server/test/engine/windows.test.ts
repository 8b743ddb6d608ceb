import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { languages, startLoaded } from "../support/host.ts";
import { root } from "../support/programs.ts";
import { temporaryFolder } from "../support/temporary.ts";

const run = promisify(execFile);

describe.each(languages)("100,000 requests of a client in C to a $type app", ({ type, file }) => {
  it.each([1, 16, 256])("come back right, %i under way at a time", { timeout: 120_000 }, async (window) => {
    const client = join(await temporaryFolder(), "client");
    await run("cc", ["-O2", "-o", client, `${root}bench/c/client.c`, "-lzmq"]);
    const { endpoint, host } = await startLoaded({ type, file, engine: { "queue-limit": 1000 } });
    // The client numbers its messages, compares every byte, and ends with an error for one that is lost or comes twice.
    const { stdout } = await run(client, [endpoint("event"), "100000", String(window), "100", "--delimiter"]);
    expect(JSON.parse(stdout)).toMatchObject({ messages: 100_000 });
    expect(host.app("load").jobs.failed).toBe(0);
  });
});
