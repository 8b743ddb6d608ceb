import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { type Server, startServer } from "./server.mjs";

export interface PasswordServer extends Server {
  /** The URI of a user. @param user with its password, percent-encoded */
  as(user: string): string;
}

/** A server that takes users with a password only (SCRAM); its URI has those of the user `cocaine`. */
export async function startWithPassword(): Promise<PasswordServer> {
  const server = await startServer({ streams: false });
  const admin = await new MongoClient(server.uri).connect();
  await admin.db("admin").command({ createUser: "cocaine", pwd: "a secret", roles: ["root"] });
  await admin.close();
  const { process } = server;
  if (process === undefined) throw new Error("it is not ours to restart");
  const ended = once(process, "exit");
  process.kill("SIGTERM");
  await ended;
  await server.restart({ auth: true });
  const as = (user: string) => `${server.uri.replace("//", `//${user}@`)}?authSource=admin`;
  return { ...server, uri: as("cocaine:a%20secret"), what: `${server.what}, with SCRAM`, as };
}

export interface TlsServer extends Server {
  /** Its URI for clients that trust nobody but authorities of the system. */
  readonly untrusted: string;
}

/** A server that speaks TLS; its URI names the certificate to trust. */
export async function startWithTls(): Promise<TlsServer> {
  const folder = await mkdtemp(join(tmpdir(), "coc-"));
  const [cert, key] = [join(folder, "server.crt"), join(folder, "server.key")];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"];
  const names = ["-subj", "/CN=server", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", ["req", ...kind, ...names, "-keyout", key, "-out", cert], { stdio: "ignore" });
  const server = await startServer({ streams: false, tls: { cert, key } });
  const untrusted = `${server.uri}?tls=true`;
  return {
    ...server,
    uri: `${untrusted}&tlsCAFile=${encodeURIComponent(cert)}`,
    untrusted,
    what: `${server.what}, with TLS`,
    async close() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
