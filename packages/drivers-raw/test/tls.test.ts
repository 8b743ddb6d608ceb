import { execFileSync, spawn } from "node:child_process";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { rawServerDriver } from "../src/index.ts";
import { deploy, sh, temporaryFolder } from "./support/host.ts";

/** Asks by OpenSSL. @returns the answer, or nothing where there is none before the end */
async function ask(port: number, ...more: string[]): Promise<string> {
  const client = spawn("openssl", ["s_client", "-quiet", "-connect", `127.0.0.1:${port}`, ...more]);
  const answer = new Promise<string>((resolve) => {
    client.stdout.once("data", (data) => resolve(String(data)));
    client.once("close", () => resolve(""));
  });
  client.stdin.on("error", () => undefined);
  client.stdin.write("hello\n");
  const text = await answer;
  client.kill();
  return text;
}

/** Has OpenSSL make a certificate: of an authority, or signed by one. */
function makeCertificate(folder: string, name: string, authority?: { cert: string; key: string }) {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  const signer = authority === undefined ? [] : ["-CA", authority.cert, "-CAkey", authority.key];
  const names = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", ["req", ...kind, ...names, ...signer, "-keyout", key, "-out", cert], { stdio: "ignore" });
  return { cert, key };
}

const upper = { endpoint: "tcp://127.0.0.1:0", framing: "line" };

describe("over TLS", () => {
  it("openssl s_client asks, and sees a certificate that is renewed", async () => {
    const folder = await temporaryFolder();
    const tls = makeCertificate(folder, "one");
    const { place, lines } = await deploy({ upper: { ...upper, tls }, who: { ...upper, tls } });
    const { port } = place("upper");
    expect(await ask(port)).toBe("HELLO\n");
    expect(JSON.parse(await ask(place("who").port))).toMatchObject({ tls: true, remote: { address: "127.0.0.1" } });
    const subject = () => sh(`openssl s_client -connect 127.0.0.1:${port} </dev/null 2>/dev/null | grep ^subject`);
    expect(await subject()).toContain("CN = one");
    const two = makeCertificate(folder, "two");
    renameSync(two.cert, tls.cert);
    renameSync(two.key, tls.key);
    await vi.waitFor(async () => expect(await subject()).toContain("CN = two"), { timeout: 10_000, interval: 500 });
    expect(lines).toContain("The certificate was read again");
    // Who speaks something else is not served, and hurts nobody.
    expect(await sh(`echo hello | timeout 5 nc -N 127.0.0.1 ${port}`)).not.toContain("HELLO");
    expect(await ask(port)).toBe("HELLO\n");
  });

  it("clients must have a certificate of the authority that is named, and the job knows whose", async () => {
    const folder = await temporaryFolder();
    const ca = makeCertificate(folder, "authority");
    const server = makeCertificate(folder, "server");
    const client = makeCertificate(folder, "client", ca);
    const { place } = await deploy({ who: { ...upper, tls: { ...server, ca: ca.cert } } });
    const { port } = place("who");
    expect(JSON.parse(await ask(port, "-cert", client.cert, "-key", client.key))).toMatchObject({ subject: "client" });
    expect(await ask(port)).toBe("");
    expect(await ask(port, "-cert", server.cert, "-key", server.key)).toBe("");
  });
});

describe("a start that fails says what to do", () => {
  const refusal = async (options: object) => {
    const failure: unknown = await deploy({ upper: { ...upper, ...options } }).catch((error: unknown) => error);
    return String((failure as Error).message);
  };

  it("about the endpoint", async () => {
    const { info } = await deploy({ upper });
    expect(await refusal({ endpoint: info("upper").endpoint })).toMatch(
      /tcp:\/\/127.0.0.1:\d+ is taken: end the program/,
    );
    expect(await refusal({ endpoint: "tcp://eth77:7000" })).toMatch(/"eth77" is neither an interface \(.*lo.*\)/);
    expect(await refusal({ endpoint: "tcp://192.0.2.1:7000" })).toMatch(/cannot be bound.*EADDRNOTAVAIL.*give tcp:/);
    expect(await refusal({ endpoint: "tcp://lo:70000" })).toContain("a port is 0 to 65535");
    expect(await refusal({ endpoint: "unix:///nowhere/app.sock" })).toMatch(/cannot be bound.*in a folder that can be/);
    expect(await refusal({ endpoint: `unix:///tmp/${"x".repeat(110)}` })).toContain("its path has 115 bytes");
    const folder = await temporaryFolder();
    const open = join(folder, "open");
    execFileSync("mkdir", ["-m", "0777", open]);
    expect(await refusal({ endpoint: `unix://${open}/app.sock` })).toMatch(
      /others may write in the folder .*chmod o-w/,
    );
    execFileSync("touch", [join(folder, "file")]);
    expect(await refusal({ endpoint: `unix://${folder}/file` })).toContain("is taken");
  });

  it("about the certificate", async () => {
    const folder = await temporaryFolder();
    const [one, two] = [makeCertificate(folder, "one"), makeCertificate(folder, "two")];
    expect(await refusal({ tls: { ...one, cert: "/nowhere.crt" } })).toMatch(
      /tls.cert \/nowhere.crt cannot be read.*PEM/,
    );
    expect(await refusal({ tls: { cert: one.cert, key: two.key } })).toMatch(/do not serve.*mismatch/);
    expect(await refusal({ tls: { ...one, ca: "/nowhere.ca" } })).toMatch(/tls.ca \/nowhere.ca cannot be read/);
  });

  it("about options", () => {
    const { options } = rawServerDriver();
    for (const bad of [
      { endpoint: "lo:7000" },
      { endpoint: "unix://relative" },
      { ...upper, framing: "lines" },
      { ...upper, mode: "rw" },
      { ...upper, tls: { cert: "relative", key: "/key" } },
    ]) {
      expect(options.safeParse(bad).success, JSON.stringify(bad)).toBe(false);
    }
  });
});
