import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/**
 * Hears of each run of a task as it begins: `{ task, term, scheduledFor, firedAt, missed, node, at }`, `at` in
 * milliseconds of this process's monotonic clock. Does what a term is for: a run of an older one than was heard is `late`.
 */
export async function startCollector() {
  const folder = mkdtempSync(join(tmpdir(), "chaos-"));
  const path = join(folder, "collector.sock");
  const firings = [];
  const terms = new Map();
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    createInterface({ input: socket }).on("line", (line) => {
      const { where, ...firing } = JSON.parse(line);
      const node = /chaos-([^-]+)-/.exec(where)?.[1];
      const newest = terms.get(firing.task) ?? 0;
      terms.set(firing.task, Math.max(newest, firing.term));
      firings.push({ ...firing, node, at: performance.now(), late: firing.term < newest });
    });
  });
  await new Promise((resolve) => server.listen(path, resolve));
  return {
    path,
    firings,
    /** The last run of a task. */
    last: (task) => firings.findLast((firing) => firing.task === task && !firing.late),
    close() {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
