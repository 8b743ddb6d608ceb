import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { fixture, startEngine } from "./support/engine.ts";
import { fetchOk, get } from "./support/http.ts";

/** The environment that `pnpm test` prepares, with Flask and Django in it. */
const PYTHON = fileURLToPath(new URL("../../../.cache/venv/bin/python", import.meta.url));

const FORM = { method: "POST", headers: [["Content-Type", "application/x-www-form-urlencoded"]] } as const;

test.each([
  ["Flask", "flask_app.py"],
  ["Django", "django_app.py"],
])("%s serves pages, forms and streams", async (name, file) => {
  await using engine = await startEngine(fixture(file), { type: "python+wsgi", interpreter: PYTHON });
  await engine.hello();

  const hello = await fetchOk(engine, get("/?name=w%C3%B6rld"));
  expect([hello.status, hello.body]).toEqual([200, `${name} greets wörld at example.org:8080`]);
  expect(hello.header("content-type")).toBe("text/html; charset=utf-8");

  const body = "name=f%C3%B6rm";
  const length = ["Content-Length", String(body.length)] as const;
  const form = await fetchOk(engine, get("/form", { ...FORM, headers: [...FORM.headers, length] }), body);
  expect([form.status, form.body]).toEqual([200, "förm"]);

  const chunked = await fetchOk(engine, get("/form", FORM), body);
  expect([chunked.status, chunked.body]).toEqual([200, "förm"]);

  expect((await fetchOk(engine, get("/stream"))).chunks).toEqual(["one ", "two ", "three"]);
  expect((await fetchOk(engine, get("/nowhere"))).status).toBe(404);
  expect((await fetchOk(engine, get("/fails"))).status).toBe(500);
});
