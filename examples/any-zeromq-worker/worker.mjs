// Runs the functions of a JavaScript module for Cocaine, on the package `zeromq` alone: `worker.mjs <file>`.
// A function takes the whole request, and returns an iterable with the chunks of its response, asynchronous or not.
import { pathToFileURL } from "node:url";
import { Dealer } from "zeromq";

const [INVOKE, TERMINATE, WRITE, CANCEL, CREDIT] = [1, 2, 3, 4, 5];
const [CHUNK, CHOKE, HEARTBEAT, HELLO, ERROR] = [10, 11, 13, 14, 15];
const [END, WINDOW, FRAME] = [1, 262_144, 1_048_576];

const { COCAINE_ENDPOINT, COCAINE_HEARTBEAT, COCAINE_IDENTITY } = process.env;
const methods = await import(pathToFileURL(process.argv[2]).href);
/** Those that have not ended, by their numbers. */
const jobs = new Map();
let leaving = false;
const socket = new Dealer({ routingId: COCAINE_IDENTITY, linger: 1000 });
// The engine is gone: libzmq would wait for it.
socket.events.on("disconnect", () => leaving || process.exit(1));
socket.connect(COCAINE_ENDPOINT);

// A socket of this package sends one message after the other.
let sent = Promise.resolve();
function send(code, job, frames = [], flags = 0) {
  const header = Buffer.from([code, flags, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(job, 4);
  sent = sent.then(() => socket.send([header, ...frames]));
  return sent;
}

async function run(job) {
  try {
    const parts = [];
    for (;;) {
      for (const part of job.parts.splice(0)) {
        parts.push(part);
        // What was taken may be sent again.
        if (!job.whole) send(CREDIT, job.number, [uint32(part.length)]);
      }
      if (job.whole) break;
      await job.changes();
    }
    const method = methods[job.method];
    if (method === undefined) throw Object.assign(new Error(`there is no "${job.method}"`), { name: "no-such-method" });
    for await (const chunk of method(Buffer.concat(parts))) {
      for (let start = 0; start < chunk.length; start += FRAME) {
        while (job.window <= 0) await job.changes();
        const piece = chunk.subarray(start, start + FRAME);
        job.window -= piece.length;
        await send(CHUNK, job.number, [piece]);
      }
    }
    send(CHOKE, job.number, [], END);
  } catch (error) {
    send(ERROR, job.number, [Buffer.from(error.name), Buffer.from(error.message)], END);
  }
  jobs.delete(job.number);
  endIfDone();
}

/** Told to leave, it takes no new job; what the running ones need still comes. */
function endIfDone() {
  if (!leaving || jobs.size > 0) return;
  clearInterval(heartbeat);
  sent.then(() => socket.close());
}

function createJob(number, whole, [method, , ...parts]) {
  let wake = () => undefined;
  return {
    number,
    method: method.toString(),
    parts,
    whole,
    window: WINDOW,
    cancelled: false,
    changed: () => wake(),
    async changes() {
      if (!this.cancelled) await new Promise((resolve) => (wake = resolve));
      if (this.cancelled) throw Object.assign(new Error("the job was cancelled"), { name: "cancelled" });
    },
  };
}

function uint32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

const heartbeat = setInterval(() => send(HEARTBEAT, 0), (COCAINE_HEARTBEAT * 1000) / 3);
send(HELLO, 0, [Buffer.from(JSON.stringify({ protocol: 1, pid: process.pid, language: "js", kit: "zeromq" }))]);
for await (const [header, ...frames] of socket) {
  const number = header.readUInt32BE(4);
  const ended = (header[1] & END) !== 0;
  const job = jobs.get(number);
  if (header[0] === TERMINATE) {
    leaving = true;
    endIfDone();
  } else if (header[0] === INVOKE) {
    jobs.set(number, createJob(number, ended, frames));
    run(jobs.get(number));
  } else if (header[0] === WRITE && job !== undefined) {
    job.parts.push(...frames);
    job.whole = ended;
  } else if (header[0] === CREDIT && job !== undefined) {
    job.window += frames[0].readUInt32BE();
  } else if (header[0] === CANCEL && job !== undefined) {
    job.cancelled = true;
  }
  job?.changed();
}
