import { answerAction } from "../action.ts";
import { appInput } from "./app.ts";

/** How workers of an app crashed, hung or had to be killed; also of one that runs no more. */
export const crashlogs = answerAction({
  name: "crashlogs",
  role: "viewer",
  input: appInput,
  async run({ host }, { app }) {
    const reports = await host.crashReports(app);
    // Refuses a name that no app has, unless there are reports of one that was removed.
    if (reports.length === 0) host.app(app);
    return reports;
  },
});
