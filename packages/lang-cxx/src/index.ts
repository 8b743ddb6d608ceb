export { type CxxLanguageOptions, cxxLanguage } from "./plugin.ts";
