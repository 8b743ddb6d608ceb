import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { paths } from "./paths.mjs";
import { answers, freePort } from "./ports.mjs";

/**
 * Starts our server as a user would, with apps of `apps/`, each on a free port.
 *
 * @returns the ports by app, and `remove()`, which takes its folder away once the server has ended.
 */
export async function startServer(programs, apps) {
  const folder = mkdtempSync(join(tmpdir(), "cocaine-bench-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const ports = await writeManifests(join(folder, "apps"), apps);
    const program = programs.start(process.execPath, [
      paths.server,
      ...["--apps", join(folder, "apps")],
      ...["--storage", "memory:"],
      ...["--runtime-dir", join(folder, "run")],
      ...["--log-level", "warn"],
    ]);
    for (const port of Object.values(ports)) await answers(port, program);
    return { ports, remove };
  } catch (error) {
    await programs.close();
    remove();
    throw error;
  }
}

async function writeManifests(folder, apps) {
  const ports = {};
  cpSync(join(paths.apps, "code"), join(folder, "code"), { recursive: true });
  for (const app of apps) {
    ports[app] = await freePort();
    const manifest = readFileSync(join(paths.apps, `${app}.yaml`), "utf8");
    writeFileSync(join(folder, `${app}.yaml`), manifest.replaceAll("{port}", ports[app]));
  }
  return ports;
}
