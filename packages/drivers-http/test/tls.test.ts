import { execFile } from "node:child_process";
import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { promisify } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { httpDriver } from "../src/index.ts";
import { answer } from "./support/app.ts";
import { makeCertificate, temporaryFolder } from "./support/certificate.ts";
import { dial } from "./support/raw.ts";
import { useServers } from "./support/servers.ts";

const run = promisify(execFile);
const start = useServers();
const endpoint = "https://127.0.0.1:0";

/** Whom the server says to be to a client that names a host. */
async function nameOf(port: number, host = ""): Promise<string> {
  const name = host === "" ? ["-noservername"] : ["-servername", host];
  const { stdout } = await run("sh", [
    "-c",
    `openssl s_client -connect 127.0.0.1:${port} ${name.join(" ")} </dev/null`,
  ]);
  return /subject=CN = (.*)/.exec(stdout)?.[1] ?? "";
}

describe("an https endpoint", () => {
  it("answers HTTP/1.1 and HTTP/2 with its certificate, and the job knows", async () => {
    const tls = makeCertificate(temporaryFolder(), "one", "shop.test");
    const { url, port, jobs } = await start((job) => answer(job, "hello"), { endpoint, tls });
    expect(url).toBe(`https://127.0.0.1:${port}`);
    for (const [flag, version] of [
      ["--http1.1", "1.1"],
      ["--http2", "2.0"],
    ] as const) {
      const to = ["--resolve", `shop.test:${port}:127.0.0.1`, `https://shop.test:${port}/a`];
      const { stdout } = await run("curl", ["-s", flag, "--cacert", tls.cert, "-w", "%{http_version}", ...to]);
      expect(stdout).toBe(`hello${version === "2.0" ? "2" : version}`);
      expect(jobs.at(-1)?.metadata.http).toMatchObject({ httpVersion: version, tls: true, url: "/a" });
    }
  });

  it("speaks HTTP/1.1 alone where http2 is off", async () => {
    const tls = makeCertificate(temporaryFolder(), "one", "shop.test");
    const { url } = await start((job) => answer(job, "hello"), { endpoint, tls, http2: false });
    const { stdout } = await run("curl", ["-sk", "--http2", "-w", "%{http_version}", url]);
    expect(stdout).toBe("hello1.1");
  });

  it("has a certificate for each task's hosts, and the first one's for all others", async () => {
    const folder = temporaryFolder();
    const plugin = httpDriver();
    const one = { endpoint, host: "one.test", tls: makeCertificate(folder, "one", "one.test") };
    // A port of its own, so that the second task can name it.
    const probe = await start((job) => answer(job, ""), { endpoint, tls: one.tls }, plugin);
    const shared = `https://127.0.0.1:${probe.port}`;
    await probe.driver.close();
    const { port } = await start((job) => answer(job, "one"), { ...one, endpoint: shared }, plugin, "one");
    const two = { endpoint: shared, host: "two.test", tls: makeCertificate(folder, "two", "two.test") };
    const second = await start((job) => answer(job, "two"), two, plugin, "two");
    expect(await nameOf(port, "one.test")).toBe("one");
    expect(await nameOf(port, "two.test")).toBe("two");
    expect(await nameOf(port, "three.test")).toBe("one");
    expect(await nameOf(port)).toBe("one");
    await second.driver.close();
    expect(await nameOf(port, "two.test")).toBe("one");
  });

  it("takes a certificate that was renewed, keeps the old one until the new fits, and connections all the while", async () => {
    const folder = temporaryFolder();
    const tls = makeCertificate(folder, "old", "shop.test");
    const renewed = makeCertificate(folder, "new", "shop.test");
    const { port, lines } = await start((job) => answer(job, "hello"), { endpoint, tls });
    const kept = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
    let received = "";
    kept.on("data", (chunk) => (received += chunk));
    const ask = () => kept.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ask();
    expect(await nameOf(port)).toBe("old");
    copyFileSync(renewed.cert, tls.cert);
    await vi.waitFor(() => expect(lines.filter(({ level }) => level === "error")).not.toEqual([]), { timeout: 10_000 });
    expect(await nameOf(port)).toBe("old");
    copyFileSync(renewed.key, tls.key);
    await vi.waitFor(async () => expect(await nameOf(port)).toBe("new"), { timeout: 10_000 });
    ask();
    await vi.waitFor(() => expect(received.match(/hello/g)).toHaveLength(2));
    kept.destroy();
  });

  it("does not start without files that serve, and says which", async () => {
    const folder = temporaryFolder();
    const one = makeCertificate(folder, "one", "a.test");
    const two = makeCertificate(folder, "two", "a.test");
    const text = join(folder, "text");
    writeFileSync(text, "no certificate");
    const attempt = (tls: object) => start((job) => answer(job, ""), { endpoint, tls });
    await expect(attempt({ ...one, key: two.key })).rejects.toMatchObject({
      code: "COC_HTTP_TLS",
      message: expect.stringMatching(/tls\.cert .*one\.crt and tls\.key .*two\.key do not serve \(.*mismatch.*\)/),
    });
    await expect(attempt({ ...one, cert: text })).rejects.toMatchObject({ code: "COC_HTTP_TLS" });
    rmSync(two.key);
    await expect(attempt(two)).rejects.toMatchObject({
      code: "COC_HTTP_TLS",
      message: expect.stringMatching(/tls\.key .*two\.key cannot be read \(ENOENT.*give PEM files/),
    });
    const { options } = httpDriver();
    expect(options.safeParse({ endpoint }).error?.message).toMatch(/an https endpoint needs cert and key/);
    expect(options.safeParse({ endpoint: "http://lo:80", tls: one }).error?.message).toMatch(/begins with https/);
  });

  it("ends a client that does not finish its handshake, and serves on after bytes that are no TLS", async () => {
    const tls = makeCertificate(temporaryFolder(), "one", "shop.test");
    const options = { endpoint, tls, limits: { "head-timeout": 0.5 } };
    const { port, url } = await start((job) => answer(job, "hello"), options);
    const wrong = await dial(port);
    wrong.send("GET / HTTP/1.1\r\n\r\n");
    await wrong.closed();
    const silent = await dial(port);
    await silent.closed();
    expect((await run("curl", ["-sk", url])).stdout).toBe("hello");
  });
});
