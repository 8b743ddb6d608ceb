import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs a mosquitto until it is closed. */
export async function startBroker() {
  const folder = await mkdtemp(join(tmpdir(), "mqtt-"));
  const port = await freePort();
  const config = join(folder, "mosquitto.conf");
  await writeFile(config, `listener ${port} 127.0.0.1\nallow_anonymous true\nuser root\n`);
  const broker = spawn("mosquitto", ["-c", config], { stdio: "ignore" });
  await answers(port);
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    async close() {
      broker.kill();
      await rm(folder, { recursive: true });
    },
  };
}

/** Publishes by mosquitto's own client. */
export function publish(port, topic, text) {
  return new Promise((resolve, reject) => {
    const args = ["-p", String(port), "-q", "1", "-t", topic, "-m", text];
    spawn("mosquitto_pub", args).on("error", reject).on("close", resolve);
  });
}

async function answers(port) {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const open = await new Promise((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
