import { fileURLToPath } from "node:url";
import { compare, interleave, medians } from "./support/figures.mjs";
import { paths } from "./support/paths.mjs";

const subjects = {
  "js, process": ["js", "process"],
  "js, thread": ["js", "thread"],
  "python, process": ["python", "process"],
  "perl, process": ["perl", "process"],
  "cxx, process": ["cxx", "process"],
  "cxx, thread": ["cxx", "thread"],
};
/** What a worker cannot start faster than. */
const bare = {
  "bare node": [process.execPath, "-e", "0"],
  "bare python3": [`${paths.venv}/bin/python`, "-c", "0"],
  "bare perl": ["perl", "-e", "0"],
};
const windows = { "1 at once": 1, "16 at once": 16, "256 at once": 256 };
const first = "first answer, ms";
const idle = "idle, KiB";

const targets = [
  ...Object.keys(windows).flatMap((at) => [
    { ours: "cxx, process", peer: "js, process", at, target: 1 },
    { ours: "cxx, thread", peer: "js, thread", at },
    { ours: "js, thread", peer: "js, process", at },
  ]),
  { ours: "js, process", peer: "bare node", at: first, atMost: 1.3 },
  { ours: "python, process", peer: "bare python3", at: first, atMost: 1.3 },
  { ours: "perl, process", peer: "bare perl", at: first },
];

const program = (name) => fileURLToPath(new URL(`languages/${name}.mjs`, import.meta.url));

/** One worker of each language on each backend: jobs of 100 bytes, the start, and what it takes while it is idle. */
export async function measureLanguages({ run }, { rounds, quick }) {
  const node = async (...args) => Number(await run(process.execPath, args));
  const figures = await interleave({
    subjects: [...Object.keys(subjects), ...Object.keys(bare)],
    cases: [...Object.keys(windows), first, idle],
    rounds,
    async measure(subject, at) {
      if (subject in bare) return at === first ? startOf(run, bare[subject]) : undefined;
      const [type, backend] = subjects[subject];
      if (at === first) return node(program("first"), type, backend);
      if (at === idle) return node(program("memory"), type, backend);
      const jobs = (at === "1 at once" ? 10_000 : 60_000) * (quick ? 1 : 3);
      return node(program("rate"), windows[at], jobs, type, backend);
    },
  });
  return {
    title: "The engine and one worker of each language, 100 bytes a job",
    unit: "jobs a second where nothing else is said",
    column: "",
    rounds,
    quick,
    figures: medians(figures),
    ratios: compare(figures, targets),
  };
}

async function startOf(run, [command, ...args]) {
  const start = performance.now();
  await run(command, args);
  return performance.now() - start;
}
