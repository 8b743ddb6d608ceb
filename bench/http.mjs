import { join } from "node:path";
import { compare, interleave, medians } from "./support/figures.mjs";
import { paths } from "./support/paths.mjs";
import { answers, freePort } from "./support/ports.mjs";
import { startServer } from "./support/server.mjs";
import { load } from "./support/wrk.mjs";

const ours = "server+http, python+wsgi";
const gunicorn = "gunicorn gthread 2x4";
const uwsgi = "uWSGI http11, 2 processes";
const uwsgiThreads = "uWSGI http11, 2x8 threads";
const node = "node:http, no worker";
const connections = 16;

const targets = [
  { ours, peer: gunicorn, at: connections, target: 1.5 },
  { ours, peer: uwsgi, at: connections, target: 0.7 },
  { ours, peer: uwsgiThreads, at: connections },
  { ours, peer: node, at: connections },
];

/** The same WSGI application behind our server, gunicorn and uWSGI, with two worker processes each. */
export async function measureHttp(programs, { rounds, quick }) {
  const server = await startServer(programs, ["wsgi"]);
  try {
    const ports = {
      [gunicorn]: await startGunicorn(programs),
      [uwsgi]: await startUwsgi(programs),
      // Without threads each process stays with one connection for as long as that is kept alive.
      [uwsgiThreads]: await startUwsgi(programs, "--threads", connections / 2),
      [ours]: server.ports.wsgi,
      [node]: await startNode(programs),
    };
    const figures = await interleave({
      subjects: Object.keys(ports),
      cases: [connections],
      rounds,
      measure: (subject) => load(programs, ports[subject], { connections, seconds: quick ? 2 : 5 }),
    });
    return {
      title: `HTTP to the same WSGI application, wrk with ${connections} connections`,
      unit: "requests a second",
      column: "connections",
      rounds,
      quick,
      figures: medians(figures),
      ratios: compare(figures, targets),
    };
  } finally {
    await programs.close();
    server.remove();
  }
}

function startGunicorn(programs) {
  return startPython(programs, "gunicorn", (port) => [
    ...["--worker-class", "gthread", "--workers", 2, "--threads", 4],
    ...["--bind", `127.0.0.1:${port}`, "--log-level", "warning", "hello:application"],
  ]);
}

function startUwsgi(programs, ...more) {
  return startPython(programs, "uwsgi", (port) => [
    ...["--http11-socket", `127.0.0.1:${port}`, "--wsgi-file", "hello.py", "--need-app"],
    ...["--master", "--processes", 2, "--disable-logging", "--die-on-term", ...more],
  ]);
}

async function startPython(programs, command, args) {
  const port = await freePort();
  const program = programs.start(join(paths.venv, "bin", command), args(port), { cwd: join(paths.apps, "code") });
  await answers(port, program);
  return port;
}

async function startNode(programs) {
  return Number(await programs.start(process.execPath, [join(paths.bench, "peers/node-http.mjs")]).firstLine());
}
