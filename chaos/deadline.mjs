import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startLoad } from "./support/load.mjs";
import { paths } from "./support/paths.mjs";
import { startServer } from "./support/server.mjs";

/** Seconds that a job has, and how much later its caller may hear on a busy machine. */
const TIMEOUT = 0.3;
const LATE = 1;

/**
 * Has workers killed at their jobs' deadline that hear neither CANCEL nor SIGTERM, whose children do not either. Promised:
 * each caller hears at the deadline, and no process is left over or defunct.
 */
export async function runDeadline(programs, { count }) {
  const server = await startServer(programs);
  await server.control.call("deploy", {
    name: "hang",
    manifest: {
      type: "python",
      args: join(paths.apps, "hang.py"),
      engine: { "pool-limit": 4, "cancel-grace": 0.05, "termination-grace": 0.1 },
      tasks: { event: { type: "server+zmq", endpoint: "tcp://127.0.0.1:0", timeout: TIMEOUT } },
    },
  });
  const codes = {};
  let most = 0;
  const load = startLoad(programs, await server.endpoint("hang", "event"), {
    window: 4,
    onError: ({ code, after }) => {
      codes[code] = (codes[code] ?? 0) + 1;
      most = Math.max(most, after);
    },
  });
  const started = Date.now();
  let kills = 0;
  while (kills < count) {
    await delay(500);
    const { pool } = await server.control.call("info", { app: "hang" });
    kills = pool.ends.COC_WORKER_KILLED ?? 0;
  }
  const seconds = (Date.now() - started) / 1000;
  const { sent, failed, lost } = await load.stop();
  await server.control.call("remove", { app: "hang" });
  const left = await server.processes();
  const broken = [];
  if (left.length > 0) broken.push(`processes are left: ${JSON.stringify(left)}`);
  if (failed !== sent || codes.COC_DEADLINE !== failed)
    broken.push(`answers were not all COC_DEADLINE: ${JSON.stringify(codes)}`);
  if (lost > 0) broken.push(`${lost} callers had no answer`);
  if (most > TIMEOUT + LATE) broken.push(`a caller had its answer after ${most} s`);
  const memory = await server.memory();
  const descriptors = await server.descriptors();
  await server.close();
  return {
    figures: {
      "workers killed": kills,
      "messages, all ended by their deadline": failed,
      [`longest until the answer, of ${TIMEOUT} s (s)`]: Number(most.toFixed(3)),
      "processes left, with defunct ones": left.length,
      "took (s)": Math.round(seconds),
      "server's memory in the end (MiB)": Math.round(memory / 2 ** 20),
      "server's descriptors in the end": descriptors,
    },
    broken,
  };
}
