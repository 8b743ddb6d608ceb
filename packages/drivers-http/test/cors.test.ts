import { describe, expect, it } from "vitest";
import { httpDriver } from "../src/index.ts";
import { answer } from "./support/app.ts";
import { useServers } from "./support/servers.ts";

const start = useServers();
const SHOP = "https://shop.example";

function preflight(url: string, origin: string, more: Record<string, string> = {}) {
  return fetch(url, {
    method: "OPTIONS",
    headers: { Origin: origin, "Access-Control-Request-Method": "PUT", ...more },
  });
}

/** What a response says of other origins. */
function said({ headers }: Response): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-") || name === "vary"));
}

describe("a task with cors", () => {
  it("answers preflights by itself, and lets every page read its answers", async () => {
    const { url, jobs } = await start((job) => answer(job, "ok", [["Access-Control-Allow-Origin", "nobody"]]), {
      cors: true,
      methods: ["GET", "PUT"],
    });
    const asked = await preflight(url, SHOP, { "Access-Control-Request-Headers": "x-one, x-two" });
    expect([asked.status, await asked.text()]).toEqual([204, ""]);
    expect(said(asked)).toEqual({
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET, PUT, HEAD",
      "access-control-allow-headers": "x-one, x-two",
      vary: "Access-Control-Request-Headers",
    });
    expect(jobs).toHaveLength(0);
    expect(said(await fetch(url, { headers: { Origin: SHOP } }))).toEqual({ "access-control-allow-origin": "*" });
    expect(said(await fetch(url))).toEqual({ "access-control-allow-origin": "*" });
  });

  it("has a list of origins, with credentials and what else they may do", async () => {
    const { url } = await start((job) => answer(job, "ok"), {
      cors: {
        origins: [SHOP],
        credentials: true,
        methods: ["PUT"],
        headers: ["X-One"],
        expose: ["X-Total"],
        "max-age": 600,
      },
    });
    expect(said(await preflight(url, SHOP))).toEqual({
      "access-control-allow-origin": SHOP,
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": "PUT",
      "access-control-allow-headers": "X-One",
      "access-control-max-age": "600",
      vary: "Origin",
    });
    const read = { "access-control-expose-headers": "X-Total", vary: "Origin" };
    expect(said(await fetch(url, { headers: { Origin: SHOP } }))).toEqual({
      "access-control-allow-origin": SHOP,
      "access-control-allow-credentials": "true",
      ...read,
    });
    expect(said(await fetch(url, { headers: { Origin: "https://other.example" } }))).toEqual(read);
    expect(said(await preflight(url, "https://other.example"))).not.toHaveProperty("access-control-allow-origin");
  });

  it("says so on failures, too, and leaves OPTIONS that are no preflights to the app", async () => {
    const { url, jobs } = await start((job) => job.sink.write(new Uint8Array([1])), { cors: true });
    const failed = await fetch(url, { headers: { Origin: SHOP } });
    expect([failed.status, failed.headers.get("access-control-allow-origin")]).toEqual([502, "*"]);
    await fetch(url, { method: "OPTIONS", headers: { Origin: SHOP } });
    expect(jobs).toHaveLength(2);
  });

  it("needs origins for credentials, and is nothing for WebSockets", () => {
    const { options } = httpDriver();
    const endpoint = "http://lo:0";
    const credentials = options.safeParse({ endpoint, cors: { credentials: true } });
    expect(credentials.error?.message).toContain("only with a list of origins");
    expect(options.safeParse({ endpoint, cors: true, websocket: true }).error?.message).toContain("websocket.origins");
  });
});
