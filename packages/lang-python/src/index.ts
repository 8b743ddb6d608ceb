export { type PythonLanguagesOptions, pythonLanguages } from "./plugin.ts";
