// Milliseconds from a deploy to the first answer, of code that was built before: `first.mjs type backend`.
import { startHost } from "./host.mjs";

const { host, deploy, echo, close } = await startHost(...process.argv.slice(2));
const answered = () => new Promise((resolve) => echo(Buffer.from("hello"), resolve));
await deploy();
await answered();
await host.remove("app");
const start = performance.now();
await deploy();
await answered();
console.log((performance.now() - start).toFixed(1));
await close();
