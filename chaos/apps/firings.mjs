import { once } from "node:events";
import { connect } from "node:net";

// Tells each run to who counts them, over a Unix socket, which no cut network touches.
const socket = connect(process.env.COLLECTOR);

export const [every, all, once_] = ["every", "all", "once"].map((task) => (_request, job) => tell(task, job));
export { once_ as once };

async function tell(task, { metadata: { timer, lease } }) {
  const line = JSON.stringify({ task, term: lease?.term, ...timer, where: process.env.COCAINE_ENDPOINT });
  if (!socket.write(`${line}\n`)) await once(socket, "drain");
}
