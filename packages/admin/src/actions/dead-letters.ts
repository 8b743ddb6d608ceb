import { z } from "@cocaine/core/plugin";
import { answerAction } from "../action.ts";
import { appInput } from "./app.ts";

const letterInput = appInput.extend({
  /** Id of the letter. */
  id: z.string().min(1),
});

/** The jobs of an app that failed for good, without their requests. */
export const deadLetters = answerAction({
  name: "deadLetters",
  role: "viewer",
  input: appInput,
  run: ({ host }, { app }) => host.deadLetters.list(app),
});

/** One of them whole. */
export const deadLetter = answerAction({
  name: "deadLetter",
  role: "deployer",
  input: letterInput,
  run: ({ host }, { app, id }) => host.deadLetters.get(app, id),
});

/** Runs one again, and drops it if it ends well. */
export const replayDeadLetter = answerAction({
  name: "replayDeadLetter",
  role: "deployer",
  input: letterInput,
  async run({ host }, { app, id }) {
    await host.deadLetters.replay(app, id);
    return { app, id };
  },
});

/** Drops one. */
export const dropDeadLetter = answerAction({
  name: "dropDeadLetter",
  role: "deployer",
  input: letterInput,
  async run({ host }, { app, id }) {
    await host.deadLetters.drop(app, id);
    return { app, id };
  },
});
