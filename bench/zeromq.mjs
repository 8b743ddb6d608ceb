import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { size } from "./support/client.mjs";
import { program } from "./support/compile.mjs";
import { measureEchoes } from "./support/echoes.mjs";
import { paths } from "./support/paths.mjs";
import { startServer } from "./support/server.mjs";

const proxy = "C proxy, C worker";
const addon = "zeromq addon, no worker";
const js = "server+zmq, js";
const python = "server+zmq, python";
const cxx = "server+zmq, cxx";

const targets = [
  { ours: js, peer: proxy, at: 1, target: 1 },
  { ours: js, peer: proxy, at: 16, target: 1 },
  { ours: js, peer: proxy, at: 256, target: 0.7 },
  { ours: js, peer: addon, at: 256, target: 3 },
  { ours: python, peer: proxy, at: 1, target: 0.5 },
  { ours: python, peer: proxy, at: 16, target: 0.5 },
  { ours: python, peer: proxy, at: 256, target: 0.5 },
  { ours: cxx, peer: proxy, at: 1, target: 1 },
  { ours: cxx, peer: proxy, at: 16, target: 1 },
  { ours: cxx, peer: proxy, at: 256, target: 0.7 },
  { ours: cxx, peer: js, at: 256 },
];

/** A client in C, a server, one worker process and back; beside a proxy and a worker in C, and an echo on the addon. */
export async function measureZeromq(programs, { rounds, quick }) {
  const server = await startServer(programs, ["js", "python", "cxx"]);
  const folder = mkdtempSync(join(tmpdir(), "cocaine-bench-"));
  try {
    const endpoints = {
      [proxy]: await startProxy(programs, `ipc://${folder}/workers`),
      [addon]: await programs.start(process.execPath, [join(paths.bench, "peers/zeromq-addon.mjs")]).firstLine(),
      [js]: `tcp://127.0.0.1:${server.ports.js}`,
      [python]: `tcp://127.0.0.1:${server.ports.python}`,
      [cxx]: `tcp://127.0.0.1:${server.ports.cxx}`,
    };
    const title = `A ZeroMQ client, a server, a worker process and back, ${size} bytes`;
    // Awaited here, so that nothing is ended before it is done.
    return await measureEchoes(programs, { title, endpoints, targets, rounds, quick });
  } finally {
    await programs.close();
    server.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startProxy(programs, backend) {
  const endpoint = await programs.start(program("proxy"), ["tcp://127.0.0.1:*", backend]).firstLine();
  programs.start(program("worker"), [backend]);
  return endpoint;
}
