/** What holds a task's clients up while no jobs may be triggered. */
export interface Gate {
  readonly held: boolean;
  hold(): void;
  /** Lets those pass that wait, in their order, until it is held again. */
  release(): void;
  /** Resolves when it is not held, and nobody is before who asks. */
  pass(): Promise<void>;
}

export function createGate(): Gate {
  const waiting: (() => void)[] = [];
  let held = false;

  /** One by one: whom one lets pass may trigger the job that fills the queue again. */
  async function letPass(): Promise<void> {
    while (!held) {
      const pass = waiting.shift();
      if (pass === undefined) return;
      pass();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  return {
    get held() {
      return held;
    },
    hold() {
      held = true;
    },
    release() {
      held = false;
      void letPass();
    },
    async pass() {
      // Who is let pass may find it held again by who was before.
      while (held) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}
