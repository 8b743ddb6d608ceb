import { openLink } from "./link.ts";
import { openMark } from "./mark.ts";
import { serve } from "./serve.ts";

// The program that a worker process runs: node worker.js <language> <module>. Its environment is that of
// docs/worker-protocol.md.

const { COCAINE_ENDPOINT, COCAINE_IDENTITY, COCAINE_HEARTBEAT, COCAINE_CONCURRENCY, COCAINE_PROGRESS } = process.env;
const [, , language, code] = process.argv;
if (COCAINE_ENDPOINT === undefined || COCAINE_IDENTITY === undefined || language === undefined || code === undefined) {
  throw new Error("this program is started by Cocaine: COCAINE_ENDPOINT, COCAINE_IDENTITY and a module are needed");
}

const concurrency = Number(COCAINE_CONCURRENCY ?? 1);
let leaving = false;
await serve({
  language,
  code,
  heartbeat: Number(COCAINE_HEARTBEAT ?? 60),
  concurrency,
  mark: concurrency === 1 && COCAINE_PROGRESS !== undefined ? openMark(COCAINE_PROGRESS) : undefined,
  async open(events) {
    const link = await openLink(COCAINE_ENDPOINT, COCAINE_IDENTITY, events);
    const close = () => {
      leaving = true;
      return link.close();
    };
    return { ...link, close };
  },
  // Without an engine nobody waits for what this worker does; after TERMINATE the engine was told all.
  lost: () => process.exit(leaving ? 0 : 1),
});
