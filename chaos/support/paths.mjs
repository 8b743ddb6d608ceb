import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

export const paths = {
  root: at("../.."),
  apps: at("../apps"),
  results: at("../results.json"),
  python: at("../../.cache/venv/bin/python"),
  client: at("../clients/load.py"),
  server: at("../../apps/server/dist/cocained.js"),
};
