/** What is under way, so that a close can wait for its end. */
export interface Running {
  add<T>(step: Promise<T>): Promise<T>;
  /** Resolves once nothing is under way, however it ended. */
  idle(): Promise<void>;
}

export function createRunning(): Running {
  const steps = new Set<Promise<unknown>>();
  return {
    add(step) {
      const forget = () => steps.delete(step);
      steps.add(step);
      step.then(forget, forget);
      return step;
    },
    async idle() {
      while (steps.size > 0) await Promise.allSettled(steps);
    },
  };
}
