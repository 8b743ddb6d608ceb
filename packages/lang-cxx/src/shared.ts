/** What is made of an app's code: a program for a process, or a shared library for a thread. */
export type Form = "program" | "library";

/** Names unique to the process would make all copies of a library share their globals. */
export const SHARED_COMPILE = ["-fPIC", "-fno-gnu-unique", "-DCOCAINE_SHARED"];

/** With a standard library of its own, so that `std::cout` is the worker's, and with its own names before others'. */
export const SHARED_LINK = ["-shared", "-static-libstdc++", "-Wl,--exclude-libs,ALL", "-Wl,-Bsymbolic"];
