import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { paths } from "./support/paths.mjs";
import { startServer } from "./support/server.mjs";

/** Milliseconds that a stalled side stands still. */
const STALL = 15_000;
/** Milliseconds after which the client of a download is stopped. */
const STOP_AFTER = 500;
/** Bytes by which the server's memory may move once a stream flows. */
const FLAT = 32 * 2 ** 20;

/**
 * Streams many gigabytes through the server both ways: to a client that is stopped in the middle, and to a worker that
 * stops reading. Promised: the stream arrives whole, and the server's memory stays flat.
 */
export async function runStream(programs, { gigabytes }) {
  const bytes = gigabytes * 2 ** 30;
  const server = await startServer(programs);
  await server.control.call("deploy", {
    name: "stream",
    manifest: {
      type: "js",
      args: join(paths.apps, "stream.mjs"),
      env: { BYTES: String(bytes), STALL: String(STALL) },
      engine: { "pool-limit": 1 },
      tasks: {
        download: { type: "server+http", endpoint: "http://127.0.0.1:0", limits: { body: bytes + 1 } },
        upload: { type: "server+http", endpoint: "http://127.0.0.1:0", limits: { body: bytes + 1 } },
      },
    },
  });
  const figures = { gigabytes };
  const broken = [];
  for (const [what, run] of Object.entries({ download, upload })) {
    const endpoint = await server.endpoint("stream", what);
    const started = Date.now();
    const curve = [];
    let done = false;
    const sampling = (async () => {
      while (!done) {
        curve.push(await server.memory());
        await delay(250);
      }
    })();
    const arrived = await run(programs, endpoint, bytes);
    done = true;
    await sampling;
    const seconds = (Date.now() - started - STALL) / 1000;
    // The first two seconds bring buffers and compiled code.
    const flowing = curve.slice(8);
    const moved = Math.max(...flowing) - Math.min(...flowing);
    figures[`${what}: MiB a second, without the stall`] = Math.round(bytes / 2 ** 20 / seconds);
    figures[`${what}: server's memory, least and most (MiB)`] =
      `${Math.round(Math.min(...flowing) / 2 ** 20)} … ${Math.round(Math.max(...flowing) / 2 ** 20)}`;
    figures[`${what}: server's memory over time (MiB)`] = everyNth(curve, 12);
    if (arrived !== bytes) broken.push(`${what}: ${arrived} bytes of ${bytes} arrived`);
    if (moved > FLAT) broken.push(`${what}: the server's memory moved by ${Math.round(moved / 2 ** 20)} MiB`);
  }
  await server.close();
  return { figures, broken };
}

/** curl, which is stopped for a while. @returns the bytes that it got. */
async function download(programs, endpoint) {
  const size = '{"bytes":%{size_download}}';
  const program = programs.start("curl", ["-sS", "-o", "/dev/null", "-w", size, `${endpoint}/`]);
  const line = program.firstLine();
  await delay(STOP_AFTER);
  if (!program.child.kill("SIGSTOP")) throw new Error("The download had ended before its client could be stopped");
  await delay(STALL);
  program.child.kill("SIGCONT");
  return JSON.parse(await line).bytes;
}

/** curl, to a worker that stops reading for a while. @returns the bytes that the worker got. */
async function upload(programs, endpoint, bytes) {
  const command = `head -c ${bytes} /dev/zero | curl -sS -T - -X POST ${endpoint}/`;
  return Number(await programs.run("bash", ["-c", command]));
}

function everyNth(curve, points) {
  const step = Math.max(1, Math.floor(curve.length / points));
  return curve
    .filter((_, index) => index % step === 0)
    .map((bytes) => Math.round(bytes / 2 ** 20))
    .join(" ");
}
