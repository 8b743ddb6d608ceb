import { spawnSync } from "node:child_process";

/** The examples that `pnpm start` runs: what keeps one from running, and lines to try. */
export const examples = [
  {
    name: "seed",
    manifest: "seed/seed.yaml",
    missing: missingPython,
    tries: `
  The page of the Python app, an upload and a download:
    curl http://127.0.0.1:8080/
    curl -T package.json http://127.0.0.1:8080/upload
    curl -o /dev/null 'http://127.0.0.1:8080/download?size=100000000'
  A ZeroMQ request, from Node, and from Python (with pyzmq: pip install pyzmq):
    (cd packages/drivers-zmq; node -e 's = new (require("zeromq").Request)(); s.connect("tcp://127.0.0.1:9100"); s.send("hello").then(() => s.receive()).then((reply) => console.log(String(reply)))')
    python3 -c 'import zmq; s = zmq.Context().socket(zmq.REQ); s.connect("tcp://127.0.0.1:9100"); s.send(b"hello"); print(s.recv())'
  Its feed, and a file for its spool:
    pnpm cocaine feed seed
    date > examples/seed/spool/now.txt`,
  },
  {
    name: "hello-js",
    manifest: "hello-js/hello-js.yaml",
    missing: () => undefined,
    tries: `
  The page of the JavaScript app, and a call of one of its tasks:
    curl http://127.0.0.1:8081/
    pnpm cocaine call hello-js greet --data Ada
  What runs:
    pnpm cocaine ls
    pnpm cocaine info hello-js
    pnpm cocaine logs -f`,
  },
  {
    name: "polyglot-page",
    manifest: "polyglot/polyglot-page.yaml",
    missing: () => undefined,
    tries: `
  The same job in every language: a page that asks them all, and one of them:
    open http://127.0.0.1:8082/ in a browser`,
  },
  ...[
    ["js", () => undefined],
    ["python", missingPython],
    ["asgi", missingPython],
    ["cxx", missingCompiler],
  ].map(([name, missing]) => ({
    name: `polyglot-${name}`,
    manifest: `polyglot/polyglot-${name}.yaml`,
    missing,
    tries: `    curl -d 'It was the best of times' http://127.0.0.1:8082/${name}`,
  })),
];

/** Where a worker's clean environment looks for programs. */
const WORKER_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Why apps in C++ cannot be built here, if they cannot. */
function missingCompiler() {
  const { status } = spawnSync("c++", ["--version"], { env: { PATH: WORKER_PATH } });
  return status === 0 ? undefined : `there is no c++ in ${WORKER_PATH}: install g++`;
}

/** Why Python apps cannot run here, if they cannot. */
function missingPython() {
  const { status, stdout } = spawnSync("python3", ["-c", "import sys; print(sys.version_info >= (3, 9))"], {
    encoding: "utf8",
    env: { PATH: WORKER_PATH },
  });
  if (status !== 0) return `there is no python3 in ${WORKER_PATH}`;
  return stdout.trim() === "True" ? undefined : "its python3 is older than 3.9";
}
