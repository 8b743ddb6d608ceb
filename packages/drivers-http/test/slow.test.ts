import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished, vi } from "vitest";
import { answer, whenWhole } from "./support/app.ts";
import { useServers } from "./support/servers.ts";

const start = useServers();
const ATTACKER = fileURLToPath(new URL("fixtures/slow_clients.py", import.meta.url));

/** Milliseconds of 200 requests one after the other, in order. */
async function ask(url: string): Promise<number[]> {
  const times: number[] = [];
  for (let request = 0; request < 200; request++) {
    const begun = performance.now();
    const response = await fetch(url);
    expect(await response.text()).toBe("ok");
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b);
}

it.each([
  ["head", "GET / HTTP/1.1\r\nHost: a\r\n"],
  ["body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"],
])(
  "1,000 clients that send their %s a byte at a time do not slow others, and are ended",
  async (_, begin) => {
    const limits = { "head-timeout": 3, "body-timeout": 3 };
    const { url, port, driver } = await start((job) => whenWhole(job, () => answer(job, "ok")), { limits });
    await ask(url);
    const before = (await ask(url))[100] as number;
    const attacker = spawn("python3", [ATTACKER, String(port), begin], { stdio: ["pipe", "pipe", "inherit"] });
    onTestFinished(() => void attacker.kill());
    const lines = createInterface({ input: attacker.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe("connected 1000");
    const times = await ask(url);
    // They were there all the time.
    expect(driver.info?.().connections).toBeGreaterThan(1000);
    expect(times[100]).toBeLessThan(5 * before + 10);
    expect((await lines.next()).value).toBe("ended 1000 answered 1000");
    await once(attacker, "exit");
    await vi.waitFor(() => expect(driver.info?.().connections).toBeLessThan(10));
  },
  60_000,
);
