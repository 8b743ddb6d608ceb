import { answerAction } from "../action.ts";
import { appInput } from "./app.ts";

/** How workers of an app crashed, hung or had to be killed; also of one that runs no more. */
export const crashlogs = answerAction({
  name: "crashlogs",
  input: appInput,
  run: ({ host }, { app }) => host.crashReports(app),
});
