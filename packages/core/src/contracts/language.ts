import type { Logger } from "../observe/log.ts";

/** Knows how to start a worker for code of one type. */
export interface Language {
  /**
   * Finds the app's code and says how to start a worker for it. Called once a deploy; may build.
   * Rejects with `COC_LANGUAGE_…` where the code or the interpreter is missing, naming what to do.
   */
  launch(app: AppSpec): Promise<Launch>;
}

export interface LanguageContext {
  readonly log: Logger;
  /**
   * Aborted when the host closes: what `launch()` has started is to end, and `launch()` to reject with the reason.
   * @defaultValue none: never
   */
  readonly signal?: AbortSignal;
}

/** What a language is told of an app. */
export interface AppSpec {
  /** Name of the app. */
  readonly name: string;
  /** The manifest's `type`, for example `python+wsgi`. */
  readonly type: string;
  /** Absolute path of the code, file or folder: the manifest's `args` without `local://`. */
  readonly code: string;
  /**
   * What the app's backend starts. A language that has only the other returns that, and the deploy fails.
   *
   * @defaultValue `"command"`
   */
  readonly launches?: Launch["kind"];
  /** The manifest's `env`. */
  readonly env: Readonly<Record<string, string>>;
}

/** A way to start a worker: a command to run, or a module to load in a thread. */
export type Launch = CommandLaunch | ModuleLaunch;

export interface CommandLaunch {
  readonly kind: "command";
  /** Program, an absolute path or a name that is looked up in the PATH of the worker's environment. */
  readonly command: string;
  readonly args: readonly string[];
  /** Working folder, absolute. */
  readonly cwd: string;
  /** On top of the backend's clean environment; the manifest's `env` is already in it. */
  readonly env: Readonly<Record<string, string>>;
  /** Jobs that such a worker runs at once where the manifest does not say. */
  readonly concurrency: number;
}

export interface ModuleLaunch {
  readonly kind: "module";
  /** Absolute path of the kit's module that the thread loads, whose default export takes a `ThreadTask`. */
  readonly module: string;
  readonly args: readonly string[];
  /** Folder of the code. Threads have the working folder of their process. */
  readonly cwd: string;
  /** All of the thread's environment; the manifest's `env` is already in it. */
  readonly env: Readonly<Record<string, string>>;
  readonly concurrency: number;
}
