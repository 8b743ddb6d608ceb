import { decodeWorkerMessage } from "@cocaine/core/plugin";
import { expect, it } from "vitest";
import { bytesOf, workerProtocolVectors } from "../src/index.ts";

it.each(workerProtocolVectors.refused)("an engine refuses $why", ({ frames }) => {
  expect(() => decodeWorkerMessage(frames.map(bytesOf))).toThrow();
});
