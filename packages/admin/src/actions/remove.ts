import { answerAction } from "../action.ts";
import { appInput } from "./app.ts";

/** Ends an app and forgets its manifest. */
export const remove = answerAction({
  name: "remove",
  role: "deployer",
  input: appInput,
  async run({ host }, { app }) {
    await host.remove(app);
    return { app };
  },
});
