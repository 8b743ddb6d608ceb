import { createError, messageOf } from "@cocaine/core";
import type { Logger } from "@cocaine/core/plugin";
import { type FSWatcher, watch } from "chokidar";
import type { Deployer } from "./deployer.ts";
import { type Contents, readFolder } from "./folder.ts";

/** Keeps the apps of a node like the manifests of a folder. */
export interface Follower {
  /**
   * Follows a folder, in place of the one before: deploys each of its manifests anew, and removes the apps of those
   * that are not there any more. Without a folder all of its apps are removed. Resolves when each app runs or has
   * failed.
   *
   * @throws `COC_APPS_FOLDER` if the folder cannot be read; the one before is then followed on.
   */
  follow(folder: string | undefined): Promise<void>;
  /** Whether an app comes from the folder. */
  owns(app: string): boolean;
  /** Stops following; the apps stay. May be called twice. */
  close(): Promise<void>;
}

export interface FollowerOptions {
  readonly deployer: Deployer;
  readonly log: Logger;
  /** Milliseconds of quiet after which what was written counts. @defaultValue 200 */
  readonly settle?: number;
}

/** Follows a folder of manifests: new, changed and removed files become deploys and removals. */
export function createFollower({ deployer, log, settle = 200 }: FollowerOptions): Follower {
  /** What was deployed, or failed to be, by app: a file is tried again when its mark changes. */
  const known = new Map<string, string>();
  let watcher: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** Brings the apps in line with what a folder holds. Apps do not wait for each other. */
  async function apply({ apps, doubles }: Contents): Promise<void> {
    for (const { file, first } of doubles) {
      log.error({ file }, `${file} is left out: its app is in ${first} already; rename or remove one of the two`);
    }
    const work: Promise<void>[] = [];
    for (const app of [...known.keys()].filter((name) => !apps.has(name))) {
      known.delete(app);
      work.push(deployer.remove(app));
    }
    for (const [app, { file, mark }] of apps) {
      if (known.get(app) === mark) continue;
      known.set(app, mark);
      work.push(deployer.deploy(app, file));
    }
    await Promise.all(work);
  }

  /** A burst of writes ends before it is looked at. */
  function later(folder: string): void {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      try {
        await apply(await readFolder(folder));
      } catch (error) {
        log.error({ folder }, `the folder of apps cannot be read, its apps stay as they are: ${messageOf(error)}`);
      }
    }, settle);
  }

  async function watchFolder(folder: string): Promise<FSWatcher> {
    const watching = watch(folder, { depth: 0, ignoreInitial: true });
    watching.on("all", () => later(folder));
    watching.on("error", (error) => {
      log.error({ folder }, `the folder of apps cannot be followed, changes go unseen: ${messageOf(error)}`);
    });
    await new Promise<void>((resolve) => watching.once("ready", resolve));
    return watching;
  }

  async function close(): Promise<void> {
    clearTimeout(timer);
    const open = watcher;
    watcher = undefined;
    await open?.close();
  }

  return {
    async follow(folder) {
      // Readable or not is known before anything changes; the manifests are read once the watcher sees all that follows.
      if (folder !== undefined) await readable(folder);
      await close();
      if (folder !== undefined) watcher = await watchFolder(folder);
      for (const app of known.keys()) known.set(app, "");
      await apply(folder === undefined ? EMPTY : await readable(folder));
    },
    owns: (app) => known.has(app),
    close,
  };
}

const EMPTY: Contents = { apps: new Map(), doubles: [] };

async function readable(folder: string): Promise<Contents> {
  try {
    return await readFolder(folder);
  } catch (cause) {
    const message = `the folder of apps, ${folder}, cannot be read: ${messageOf(cause)}`;
    throw createError("COC_APPS_FOLDER", message, { cause });
  }
}
