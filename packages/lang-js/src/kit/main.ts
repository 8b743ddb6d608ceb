import { Code, PROTOCOL_VERSION } from "@cocaine/core/plugin";
import { type Link, openLink } from "./link.ts";
import { openMark } from "./mark.ts";
import { loadMethods } from "./methods.ts";
import { Turns } from "./turns.ts";
import { Worker } from "./worker.ts";

// The program that a worker process runs: node worker.js <module>. Its environment is docs/worker-protocol.md's.

declare const KIT_VERSION: string;

const { COCAINE_ENDPOINT, COCAINE_IDENTITY, COCAINE_HEARTBEAT, COCAINE_CONCURRENCY, COCAINE_PROGRESS } = process.env;
const [, , code] = process.argv;
if (COCAINE_ENDPOINT === undefined || COCAINE_IDENTITY === undefined || code === undefined) {
  throw new Error("this program is started by Cocaine: COCAINE_ENDPOINT, COCAINE_IDENTITY and a module are needed");
}

const concurrency = Number(COCAINE_CONCURRENCY ?? 1);
const mark = concurrency === 1 && COCAINE_PROGRESS !== undefined ? openMark(COCAINE_PROGRESS) : undefined;
const methods = await loadMethods(code);

let leaving = false;
let receive: (frames: Uint8Array[]) => void = () => undefined;
const turns = new Turns((frames) => receive(frames));
const link: Link = await openLink(COCAINE_ENDPOINT, COCAINE_IDENTITY, {
  onMessage: (frames) => turns.take(frames),
  // Without an engine nobody waits for what this worker does; after TERMINATE the engine was told all.
  onClose: () => process.exit(leaving ? 0 : 1),
});
const worker = new Worker({ link, methods, concurrency, mark, onDone: leave });
receive = (frames) => worker.receive(frames);

link.send(Code.HELLO, 0, 0, hello());
setInterval(() => link.send(Code.HEARTBEAT, 0, 0), (Number(COCAINE_HEARTBEAT ?? 60) * 1000) / 3);

function hello(): string {
  const names = [...methods.values()].map((method) => method.name);
  const said = {
    protocol: PROTOCOL_VERSION,
    pid: process.pid,
    language: "js",
    kit: `js/${KIT_VERSION}`,
    progress: mark !== undefined,
    methods: names,
  };
  return JSON.stringify(said);
}

function leave(): void {
  leaving = true;
  void link.close();
}
