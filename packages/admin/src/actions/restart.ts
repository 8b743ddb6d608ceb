import { answerAction } from "../action.ts";
import { appInput } from "./app.ts";

/** Restarts an app with the same manifest: a new pool takes over when it is ready. */
export const restart = answerAction({
  name: "restart",
  role: "deployer",
  input: appInput,
  async run({ host }, { app }) {
    await host.restart(app);
    return { app };
  },
});
