export { type PerlLanguagesOptions, perlLanguages } from "./plugin.ts";
