import { memoryStorage } from "@cocaine/core";
import { test } from "vitest";
import { testStorage } from "../src/index.ts";

testStorage({
  test,
  async open() {
    const storage = memoryStorage();
    await storage.start();
    return storage;
  },
});
