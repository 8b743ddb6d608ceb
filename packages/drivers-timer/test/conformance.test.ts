import { testDriver } from "@cocaine/testing";
import { test } from "vitest";
import { autoDriver } from "../src/index.ts";

// Time itself triggers, and nobody waits for the outcome.
testDriver({ test, driver: autoDriver(), options: () => ({ interval: 20 }), fire: async () => undefined });
