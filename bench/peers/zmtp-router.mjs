/* A Router that sends back what it gets, on `@cocaine/zmtp` as it is built. Prints its endpoint. */
import { createRouter } from "../../packages/zmtp/dist/index.js";

const router = createRouter({
  onMessage(peer, frames) {
    peer.send(frames);
  },
});
console.log(await router.bind("tcp://127.0.0.1:0"));
