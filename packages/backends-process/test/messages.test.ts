import { Code } from "@cocaine/core/plugin";
import { createDealer, type Dealer } from "@cocaine/zmtp";
import { afterEach, describe, expect, it, vi } from "vitest";
import { invoke, kit, lineOf, openBackend, shell, spawn } from "./support/backend.ts";

const dealers: Dealer[] = [];
afterEach(async () => {
  for (const dealer of dealers.splice(0)) await dealer.close();
});

/** Connects to a worker's bus from here, with an identity of its own choice. */
async function connectAs(identity: string, endpoint: string): Promise<Dealer> {
  const dealer = createDealer({ routingId: identity, reconnect: false, onMessage: () => undefined });
  dealers.push(dealer);
  await dealer.connect(endpoint);
  return dealer;
}

/** Connects with an identity that is refused; resolves with what the bus said. A ROUTER says READY before it looks. */
function refusalOf(identity: string, endpoint: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const dealer = createDealer({
      routingId: identity,
      reconnect: false,
      onMessage: () => undefined,
      onDisconnect: (error) => resolve(error?.message ?? "closed"),
    });
    dealers.push(dealer);
    dealer.connect(endpoint).catch(reject);
  });
}

/** A program that does nothing but say where its bus is. */
const idle = shell('echo "bus=$COCAINE_ENDPOINT"; sleep 60');

describe("a worker process", () => {
  it("says hello and answers jobs", async () => {
    const { backend } = await openBackend();
    const worker = spawn(backend, kit("methods.mjs"));
    expect(await worker.hello()).toMatchObject({ hello: { protocol: 1, language: "js", pid: worker.link.pid } });
    expect(invoke(worker.link, 1, "echo", Buffer.from("hé"))).toBe(true);
    expect((await worker.answer(1)).toString()).toBe("hé");
    expect(worker.errors).toEqual([]);
  });

  it("is sent nothing before it has connected, and nothing after it is gone", async () => {
    const { backend } = await openBackend();
    const worker = spawn(backend, kit("methods.mjs"));
    expect(invoke(worker.link, 1, "echo")).toBe(false);
    await worker.hello();
    expect(invoke(worker.link, 2, "echo")).toBe(true);
    await worker.link.stop(0);
    expect(invoke(worker.link, 3, "echo")).toBe(false);
  });

  it("is heard to the end: all that it sent comes before its exit", async () => {
    const { backend } = await openBackend();
    const worker = spawn(backend, kit("methods.mjs"), "w-1", 64);
    await worker.hello();
    const request = Buffer.alloc(1000, 1);
    for (let job = 1; job <= 500; job++) invoke(worker.link, job, "echo", request);
    worker.link.send({ code: Code.TERMINATE, reason: "enough" });
    expect(await worker.link.exited).toEqual({ code: 0, signal: null });
    expect(worker.messages.filter((message) => message.code === Code.CHUNK)).toHaveLength(500);
  });

  it("that is killed leaves the mark of the job that it had begun", async () => {
    const { backend } = await openBackend();
    const worker = spawn(backend, kit("methods.mjs"));
    await worker.hello();
    expect(worker.link.begun()).toBe(0);
    invoke(worker.link, 1, "echo");
    await worker.answer(1);
    invoke(worker.link, 2, "hang");
    invoke(worker.link, 3, "echo");
    await vi.waitFor(() => expect(worker.link.begun()).toBe(2));
    process.kill(worker.link.pid as number, "SIGKILL");
    expect(await worker.link.exited).toEqual({ code: null, signal: "SIGKILL" });
    expect(worker.link.begun()).toBe(2);
  });

  it("that breaks the protocol is reported", async () => {
    const { backend } = await openBackend();
    const worker = spawn(backend, idle);
    const dealer = await connectAs("w-1", await lineOf(worker.link, /^bus=(.*)/));
    dealer.send([Buffer.from("not a header")]);
    await vi.waitFor(() => expect(worker.errors).toEqual([expect.objectContaining({ code: "COC_PROTOCOL" })]));
  });

  it("that closes its connection and stays is reported", async () => {
    const { backend } = await openBackend();
    const worker = spawn(backend, idle);
    const dealer = await connectAs("w-1", await lineOf(worker.link, /^bus=(.*)/));
    await dealer.close();
    await vi.waitFor(() => expect(worker.errors[0]?.message).toContain("closed its connection"), 5000);
  });
});

describe("the bus", () => {
  it("refuses an identity that no worker was given", async () => {
    const { backend, log } = await openBackend();
    const worker = spawn(backend, idle);
    const endpoint = await lineOf(worker.link, /^bus=(.*)/);
    expect(await refusalOf("w-2", endpoint)).toContain("refused");
    await vi.waitFor(() => expect(log.filter(({ level }) => level === "warn")).toHaveLength(1));
  });

  it("refuses a second connection with the same identity, also after the first has gone", async () => {
    const { backend } = await openBackend();
    const worker = spawn(backend, idle);
    const endpoint = await lineOf(worker.link, /^bus=(.*)/);
    const dealer = await connectAs("w-1", endpoint);
    expect(await refusalOf("w-1", endpoint)).toContain("refused");
    await dealer.close();
    expect(await refusalOf("w-1", endpoint)).toContain("refused");
  });

  it("refuses the identity of a worker that is gone", async () => {
    const { backend } = await openBackend();
    const worker = spawn(backend, idle);
    const endpoint = await lineOf(worker.link, /^bus=(.*)/);
    await worker.link.stop(0);
    expect(await refusalOf("w-1", endpoint)).toContain("refused");
  });
});
