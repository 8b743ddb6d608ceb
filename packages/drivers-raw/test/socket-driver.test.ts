import { once } from "node:events";
import { connect } from "node:net";
import { z } from "@cocaine/core/plugin";
import { describe, expect, it, vi } from "vitest";
import { lines, socketDriver, socketOptions } from "../src/index.ts";
import { deploy, sh } from "./support/host.ts";

// RFC 1288, as the README has it.
function fingerDriver() {
  return socketDriver({
    name: "server+finger",
    options: z.strictObject({ ...socketOptions, greeting: z.string().default("") }),
    async onConnection(socket, { options, peer, call }) {
      for await (const user of lines(socket, 512)) {
        if (options.greeting !== "") socket.write(`${options.greeting}\r\n`);
        for await (const chunk of call({ chunk: user, metadata: { socket: peer } })) socket.write(chunk);
        return;
      }
    },
  });
}

const finger = { type: "server+finger", greeting: "Welcome" };
const start = (tasks: Record<string, object>) => deploy(tasks, { drivers: [fingerDriver()] });

describe("a protocol of one's own", () => {
  it("speaks with its clients, and asks the app", async () => {
    const { place, info } = await start({ upper: finger });
    expect(await sh(`printf 'somebody\\r\\n' | nc 127.0.0.1 ${place("upper").port}`)).toBe("Welcome\r\nSOMEBODY");
    await vi.waitFor(() => expect(info("upper")).toMatchObject({ connections: 0, accepted: 1 }));
  });

  it("reads lines of a bounded length", async () => {
    const { place, lines: log } = await start({ upper: finger });
    const { port } = place("upper");
    expect(await sh(`printf 'last' | nc -N 127.0.0.1 ${port}`)).toBe("Welcome\r\nLAST");
    expect(await sh(`head -c 10000000 /dev/zero | nc -N 127.0.0.1 ${port}`)).toBe("");
    expect(log.some((line) => line.includes("longer than max-message, 512 bytes"))).toBe(true);
  });

  it("that fails cuts its connection, and says so in the log", async () => {
    const { place, lines } = await start({ upper: finger });
    const socket = connect(place("upper").port);
    socket.write("fail\r\n");
    await expect(
      (async () => {
        for await (const _ of socket);
      })(),
    ).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(lines.some((line) => line.includes("A connection was cut") && line.includes("on purpose"))).toBe(true);
  });

  it("waits while the app is paused, and ends idle clients when the task ends", async () => {
    const { place, host, manifest } = await start({ upper: finger, echo: {} });
    const socket = connect(place("upper").port);
    await once(socket, "connect");
    await host.pause("app");
    socket.write("a\r\n");
    await vi.waitFor(() => expect(host.app("app").tasks.upper?.driver).toMatchObject({ busy: 1 }));
    await host.resume("app");
    expect(String((await once(socket, "data"))[0])).toContain("Welcome");
    socket.destroy();
    const idle = connect(place("upper").port);
    await once(idle, "connect");
    const closed = once(idle.resume(), "close");
    await host.deploy("app", { ...manifest, tasks: { echo: manifest.tasks.echo } });
    await closed;
  });
});
