import type { AnyPlugin } from "@cocaine/core";
import { type DriverContext, defineDriver, z } from "@cocaine/core/plugin";

/** A driver that triggers nothing by itself. */
export interface QuietDriver {
  readonly plugin: AnyPlugin;
  /** What a task's driver was given. */
  contextOf(task: string): DriverContext;
}

/** The driver `quiet`, for apps that are called by a test alone. */
export function createQuietDriver(): QuietDriver {
  const contexts = new Map<string, DriverContext>();
  return {
    plugin: defineDriver({
      name: "quiet",
      options: z.strictObject({}),
      create(_options, context) {
        contexts.set(context.task, context);
        return { start: async () => undefined, drain: async () => undefined, close: async () => undefined };
      },
    }),
    contextOf(task) {
      const context = contexts.get(task);
      if (context === undefined) throw new Error(`the app has no task ${task}`);
      return context;
    },
  };
}
