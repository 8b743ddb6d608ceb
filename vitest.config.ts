import { defineConfig } from "vitest/config";
import projects from "./vitest.workspace.ts";

const conditions = ["@cocaine/source", "node", "module", "import", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["node", "import", "default"] } },
  test: {
    projects,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
