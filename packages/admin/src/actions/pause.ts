import { answerAction } from "../action.ts";
import { appInput } from "./app.ts";

/** Stops an app's drivers; running jobs end. */
export const pause = answerAction({
  name: "pause",
  role: "deployer",
  input: appInput,
  async run({ host }, { app }) {
    await host.pause(app);
    return { app };
  },
});
