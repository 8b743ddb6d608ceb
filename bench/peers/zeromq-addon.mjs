/* A ROUTER that sends back what it gets, on the `zeromq` package. Prints its endpoint. */
import { Router } from "zeromq";

const router = new Router();
await router.bind("tcp://127.0.0.1:*");
console.log(router.lastEndpoint);
for await (const frames of router) await router.send(frames);
