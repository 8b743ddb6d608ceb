/** One log line. */
export interface LogEntry {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  /** The app it is about, where it is about one. */
  readonly app: string | undefined;
  /** The rest, as the logger was given it. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The last log lines of a node, and those that come. */
export interface LogBook {
  /** Adds a line. */
  append(entry: LogEntry): void;
  /** The last lines of one app, or of the whole node, oldest first. */
  recent(app?: string): LogEntry[];
  /**
   * Hands over each line that comes, of one app or of all.
   *
   * @returns a function that ends it.
   */
  subscribe(app: string | undefined, handler: (entry: LogEntry) => void): () => void;
}

export interface LogBookOptions {
  /** Lines kept for the node as a whole, and for each app. @defaultValue 1000 */
  readonly limit?: number;
  /** Apps whose lines are kept; the one that was silent longest goes first. @defaultValue 1000 */
  readonly apps?: number;
}

/** Makes a log book: two bounded rings for each line, so that a busy app does not wash a quiet one away. */
export function createLogBook({ limit = 1000, apps = 1000 }: LogBookOptions = {}): LogBook {
  const all = createRing(limit);
  const rings = new Map<string, Ring>();
  const handlers = new Set<(entry: LogEntry) => void>();

  function ringOf(app: string): Ring {
    const ring = rings.get(app) ?? createRing(limit);
    // A map keeps the order of insertion: the app that spoke last is the last.
    rings.delete(app);
    rings.set(app, ring);
    const [silent] = rings.keys();
    if (rings.size > apps && silent !== undefined) rings.delete(silent);
    return ring;
  }

  return {
    append(entry) {
      all.put(entry);
      if (entry.app !== undefined) ringOf(entry.app).put(entry);
      for (const handler of handlers) handler(entry);
    },
    recent: (app) => (app === undefined ? all : rings.get(app))?.list() ?? [],
    subscribe(app, handler) {
      const own = (entry: LogEntry): void => {
        if (app === undefined || entry.app === app) handler(entry);
      };
      handlers.add(own);
      return () => handlers.delete(own);
    },
  };
}

interface Ring {
  put(entry: LogEntry): void;
  list(): LogEntry[];
}

function createRing(limit: number): Ring {
  const entries: LogEntry[] = [];
  let next = 0;
  return {
    put(entry) {
      entries[next] = entry;
      next = (next + 1) % limit;
    },
    list: () => [...entries.slice(next), ...entries.slice(0, next)].filter((entry) => entry !== undefined),
  };
}
