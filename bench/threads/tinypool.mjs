// One thread of tinypool, and its queue.
import { fileURLToPath } from "node:url";
import { Tinypool } from "tinypool";
import { measure } from "./measure.mjs";

const pool = new Tinypool({
  filename: fileURLToPath(new URL("echo.mjs", import.meta.url)),
  minThreads: 1,
  maxThreads: 1,
  concurrentTasksPerWorker: 256,
});
await measure((request, onEnd) => void pool.run(request).then((answer) => onEnd(answer.length)));
await pool.destroy();
