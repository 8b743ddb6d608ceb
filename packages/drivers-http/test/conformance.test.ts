import { testDriver } from "@cocaine/testing";
import { test } from "vitest";
import { httpDriver } from "../src/index.ts";

testDriver({
  test,
  driver: httpDriver(),
  answers: true,
  options: () => ({ endpoint: "http://127.0.0.1:0" }),
  taken: ({ endpoint }) => ({ endpoint }),
  fire: ({ endpoint }, text) => fetch(`${endpoint}/`, { method: "POST", body: text }).then((answer) => answer.text()),
});
