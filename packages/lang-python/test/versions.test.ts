import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { fixture, startEngine } from "./support/engine.ts";
import { fetchOk, get } from "./support/http.ts";

/** The interpreters that this machine has, of those that the kit runs on. */
const names = ["python3", "python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14"];
const found = (await Promise.all(names.map(pathOf))).filter((path) => path !== undefined);

test.each([...new Set(found)])("the kit runs on %s", async (interpreter) => {
  await using engine = await startEngine(fixture("app.py"), { interpreter });
  await engine.hello();
  for (const method of ["echo", "later", "counts", "counts_later"]) {
    expect((await engine.call(method, "hello")).error).toBeUndefined();
  }
  await using web = await startEngine(fixture("web.py"), { type: "python+wsgi", interpreter });
  await web.hello();
  expect((await fetchOk(web, get("/many"))).body).toBe("abc");
});

/** Where an interpreter really is; `undefined` if there is none of that name, or it does not run. */
async function pathOf(name: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(name, [
      "-c",
      "import os, sys; print(os.path.realpath(sys.executable))",
    ]);
    return stdout.trim();
  } catch {
    return undefined;
  }
}
