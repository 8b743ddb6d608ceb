import { execFile } from "node:child_process";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:http2";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { bytes, headOf, type Job, textOf, whenWhole } from "./support/app.ts";
import { useServers } from "./support/servers.ts";

const run = promisify(execFile);
const start = useServers();

/** Answers with pieces and the trailers that a chunk tells. */
function trailed(job: Job, pieces: readonly string[], trailers: string, headers: [string, string][] = []): void {
  job.sink.write(headOf(200, headers, { trailers: true }));
  for (const piece of pieces) job.sink.write(bytes(piece));
  job.sink.write(bytes(trailers));
  job.sink.end();
}

const SUM = '[["X-Sum", "3"], ["Content-Length", "7"], ["Connection", "x"]]';

/** Node's client of HTTP/1. */
async function get(url: string) {
  const [response] = (await once(request(url).end(), "response")) as [IncomingMessage];
  return { body: await text(response), trailers: response.rawTrailers, headers: response.headers };
}

describe("the trailers of a response", () => {
  it("follow its body in HTTP/1.1, without those that would come too late", async () => {
    const { url } = await start((job) => trailed(job, ["on", "e"], SUM));
    expect(await get(url)).toMatchObject({ body: "one", trailers: ["X-Sum", "3"] });
    const { stdout } = await run("curl", ["-s", "--raw", url]);
    expect(stdout).toBe("2\r\non\r\n1\r\ne\r\n0\r\nX-Sum: 3\r\n\r\n");
  });

  it("follow no body as well, and are left out where the client cannot have them", async () => {
    const { url } = await start((job) => trailed(job, [], SUM));
    expect(await get(url)).toMatchObject({ body: "", trailers: ["X-Sum", "3"] });
    expect((await run("curl", ["-s", "-0", "--raw", url])).stdout).toBe("");
    expect((await run("curl", ["-sI", url])).stdout).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    const sized = await start((job) => trailed(job, ["one"], SUM, [["Content-Length", "3"]]));
    expect(await get(sized.url)).toMatchObject({ body: "one", trailers: [] });
  });

  it("follow its body in HTTP/2", async () => {
    const { url } = await start((job) => trailed(job, job.metadata.http.url === "/" ? ["one"] : [], SUM), {
      http2: true,
    });
    const { stdout } = await run("nghttp", ["-v", url]);
    expect(stdout).toMatch(/DATA frame <length=3, flags=0x00.*x-sum: 3/s);
    const bare = await run("nghttp", ["-v", `${url}/bare`]);
    expect(bare.stdout).toContain("x-sum: 3");
  });

  it("that are none cut the answer off", async () => {
    for (const trailers of ["no JSON", "{}", '[["a b", "c"]]', '[["a", "b\\n"]]']) {
      const { url, lines } = await start((job) => trailed(job, ["one", "two"], trailers));
      await expect(get(url)).rejects.toThrow();
      expect(lines.some(({ message }) => message.includes("its trailers:"))).toBe(true);
    }
  });
});

describe("the trailers of a request", () => {
  const last = (job: Job) => JSON.parse(Buffer.from(job.chunks.at(-1) ?? []).toString());

  it("are the last chunk, where the task wants them", async () => {
    const { url, jobs } = await start((job) => whenWhole(job, () => trailed(job, [textOf(job)], "[]")), {
      trailers: true,
    });
    const client = request(url, { method: "POST", headers: { Trailer: "X-Sum", "Transfer-Encoding": "chunked" } });
    client.write("one");
    client.addTrailers({ "X-Sum": "3" });
    const [response] = (await once(client.end(), "response")) as [IncomingMessage];
    expect(await text(response)).toBe('one[["X-Sum","3"]]');
    expect((await get(url)).body).toBe("[]");
    await fetch(url, { method: "POST", body: "one" });
    expect(jobs.map(last)).toEqual([[["X-Sum", "3"]], [], []]);
  });

  it("come in HTTP/2, too", async () => {
    const { url, jobs } = await start((job) => whenWhole(job, () => trailed(job, [textOf(job)], "[]")), {
      trailers: true,
      http2: true,
    });
    const session = connect(url);
    const stream = session.request({ ":method": "POST", "content-length": "3" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "3" }));
    stream.end("one");
    expect(await text(stream)).toBe('one[["x-sum","3"]]');
    session.close();
    expect(jobs.map(last)).toEqual([[["x-sum", "3"]]]);
  });
});
