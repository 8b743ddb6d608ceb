import { spawn } from "node:child_process";
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { answer, headOf, type Job, whenWhole } from "./support/app.ts";
import { useServers } from "./support/servers.ts";

const start = useServers();

const MIB = 1024 * 1024;
const SIZE = 100 * MIB;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Runs a shell pipeline of real clients; resolves with its output and the most memory that this process held. */
async function measured(command: string): Promise<{ output: string; grown: number }> {
  collect();
  const before = process.memoryUsage();
  let most = 0;
  const timer = setInterval(() => {
    // What is held counts, not what is free already: how soon that is collected is the runtime's own matter.
    collect();
    const now = process.memoryUsage();
    most = Math.max(most, now.external + now.heapUsed - before.external - before.heapUsed);
  }, 20);
  const child = spawn("sh", ["-c", command], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data));
  await once(child, "close");
  clearInterval(timer);
  return { output: output.trim(), grown: most };
}

/** An application that takes 256 KiB and then makes the client wait a turn, as the engine's window does. */
function counting(job: Job): void {
  let total = job.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  let window = 0;
  job.onChunk = (chunk) => {
    total += chunk.length;
    window += chunk.length;
    job.room = window < 256 * 1024;
    if (job.room) return;
    setImmediate(() => {
      window = 0;
      job.room = true;
      job.sink.drain?.();
    });
  };
  whenWhole(job, () => answer(job, String(total)));
}

/** An application that sends as fast as the client takes. */
function sending(job: Job): void {
  let left = SIZE;
  const pump = () => {
    while (left > 0) {
      left -= 256 * 1024;
      if (!job.sink.write(new Uint8Array(256 * 1024))) return;
    }
    job.sink.end();
  };
  job.onResume = pump;
  job.sink.write(headOf(200));
  pump();
}

describe("100 MiB", () => {
  it("go up with flat memory", async () => {
    const { url } = await start(counting);
    const { output, grown } = await measured(`head -c ${SIZE} /dev/zero | curl -s -T - ${url}/`);
    expect(output).toBe(String(SIZE));
    expect(grown).toBeLessThan(48 * MIB);
  });

  it("go up with Content-Length and Expect", async () => {
    const { url } = await start(counting);
    const file = `$(mktemp); truncate -s ${SIZE} $f; curl -s -H 'Expect: 100-continue' --data-binary @$f ${url}/; rm $f`;
    const { output } = await measured(`f=${file}`);
    expect(output).toBe(String(SIZE));
  });

  it("come down with flat memory, even where the client is slow", async () => {
    const { url } = await start(sending);
    const fast = await measured(`curl -s ${url}/ | wc -c`);
    expect(fast.output).toBe(String(SIZE));
    expect(fast.grown).toBeLessThan(48 * MIB);
    const slow = await measured(`curl -s --limit-rate 20M -m 1 ${url}/ | wc -c`);
    expect(Number(slow.output)).toBeGreaterThan(MIB);
    expect(slow.grown).toBeLessThan(48 * MIB);
  });
});
