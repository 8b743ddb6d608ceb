import { readFile } from "node:fs/promises";
import { createError, messageOf } from "@cocaine/core/plugin";
import mqtt from "mqtt";

/** Milliseconds until a connection that was lost is tried again. */
const RECONNECT = 1000;

/** @typedef {import("@cocaine/core/plugin").DriverContext} DriverContext */
/** @typedef {import("zod").infer<typeof import("./options.js").mqttOptions>} MqttOptions */

/**
 * The subscription of one task. Messages are run one after the other, as the broker has them; one that is acknowledged
 * has had its job.
 *
 * @implements {import("@cocaine/core/plugin").Driver}
 */
export class MqttSubscription {
  #options;
  #context;
  /** @type {mqtt.MqttClient | undefined} */
  #client;
  #state = "new";
  #paused = false;
  /** Who waits to go on. */
  #waiting = [];
  /** The job that runs. @type {Promise<unknown> | undefined} */
  #running;
  #messages = 0;
  #failed = 0;

  /** @param {MqttOptions} options @param {DriverContext} context */
  constructor(options, context) {
    this.#options = options;
    this.#context = context;
  }

  async start() {
    const { url, topics, qos } = this.#options;
    // The first time it connects or says why not; only later it tries again and again.
    const client = mqtt.connect(url, { ...(await this.#credentials()), manualConnect: true, reconnectPeriod: 0 });
    this.#client = client;
    // The library reads the next message when this has called back, and acknowledges the one before.
    client.handleMessage = (packet, done) => void this.#take(packet).then(done);
    client.on("error", (error) => this.#context.log.warn({ err: error }, `MQTT: ${messageOf(error)}`));
    client.on("close", () => this.#context.log.debug({}, "the broker is away"));
    try {
      await connected(client, this.#options["connect-timeout"]);
      client.options.reconnectPeriod = RECONNECT;
      await client.subscribeAsync(topics, { qos });
    } catch (cause) {
      await client.endAsync(true);
      const remedy = "see that a broker listens there, and lets this client in and read those topics";
      throw createError(
        "COC_MQTT_CONNECT",
        `the broker ${this.#broker} cannot be used (${messageOf(cause)}): ${remedy}`,
        {
          cause,
        },
      );
    }
    if (this.#state === "closed") await client.endAsync(true);
    else this.#state = "open";
  }

  pause() {
    this.#paused = true;
  }

  resume() {
    this.#paused = false;
    for (const go of this.#waiting.splice(0)) go();
  }

  async drain() {
    this.#state = "draining";
    await this.#running;
  }

  async close() {
    this.#state = "closed";
    // Without acknowledging what is under way: the broker sends it again.
    await this.#client?.endAsync(true);
  }

  info() {
    return {
      broker: this.#broker,
      topics: this.#options.topics,
      connected: this.#client?.connected ?? false,
      messages: this.#messages,
      failed: this.#failed,
    };
  }

  /** @param {mqtt.IPublishPacket} packet */
  async #take({ topic, payload, qos, retain }) {
    while (this.#paused) await new Promise((resolve) => this.#waiting.push(resolve));
    // Never called back: it is not acknowledged, and the broker sends it again to who comes next.
    if (this.#state !== "open") return new Promise(() => {});
    this.#messages++;
    const metadata = { mqtt: { topic, qos, retain } };
    this.#running = this.#context.publish({ chunk: Buffer.from(payload), metadata });
    const outcome = await this.#running;
    if (outcome.status !== "failed") return;
    // MQTT knows no refusal. `retries` and `dead-letter` of the task are for what must not be lost.
    this.#failed++;
    this.#context.log.warn({ code: outcome.error.code, topic }, `a message failed: ${outcome.error.message}`);
  }

  /** The URL without the user. */
  get #broker() {
    const { protocol, host } = new URL(this.#options.url);
    return `${protocol}//${host}`;
  }

  async #credentials() {
    const { "client-id": clientId, "password-file": file } = this.#options;
    const session = clientId === undefined ? {} : { clientId, clean: false };
    if (file === undefined) return session;
    try {
      return { ...session, password: (await readFile(file, "utf8")).trim() };
    } catch (cause) {
      throw createError("COC_MQTT_PASSWORD", `password-file ${file} cannot be read: let this user read it`, { cause });
    }
  }
}

/** Connects. */
async function connected(client, seconds) {
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${seconds} s`)), seconds * 1000);
    const settle = (how) => (value) => {
      clearTimeout(timer);
      how(value);
    };
    client.once("connect", settle(resolve));
    client.once("error", settle(reject));
    client.connect();
  });
}
