// Jobs a second of one worker, behind the engine: `rate.mjs window jobs type backend`.
import { measure } from "../threads/measure.mjs";
import { startHost } from "./host.mjs";

const [type, backend] = process.argv.slice(4);
const { deploy, echo, close } = await startHost(type, backend);
await deploy();
await measure(echo);
await close();
