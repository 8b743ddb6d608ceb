import { startService } from "./service.js";

const { url, close } = await startService(Number(process.env.PORT ?? 8090));
console.log(`up at ${url}`);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, close);
