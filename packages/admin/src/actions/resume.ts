import { answerAction } from "../action.ts";
import { appInput } from "./app.ts";

/** Starts an app's drivers again. */
export const resume = answerAction({
  name: "resume",
  role: "deployer",
  input: appInput,
  async run({ host }, { app }) {
    await host.resume(app);
    return { app };
  },
});
