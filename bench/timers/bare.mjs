// CPU seconds of 10,000 intervals of Node, for as many seconds as the argument says.
import { measure } from "./measure.mjs";

let runs = 0;
await measure(
  () => setInterval(() => (runs += 1), 1000),
  () => runs,
);
