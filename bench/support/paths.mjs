import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

export const paths = {
  root: at("../.."),
  bench: at(".."),
  apps: at("../apps"),
  results: at("../results.json"),
  programs: at("../../.cache/bench"),
  venv: at("../../.cache/venv"),
  server: at("../../apps/server/dist/cocained.js"),
};
