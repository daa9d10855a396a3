import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"

export default defineConfig({
  define: { HX_VERSION: '"test"' },
  test: {
    include: ["test/**/*.test.ts"],
    // The tests in test/cli run the built program.
    globalSetup: ["test/buildOnce.ts"],
    setupFiles: ["test/seed.ts"],
    pool: "forks",
    // Much of a test's time is waiting for the programs it runs, so every processor gets a file.
    maxWorkers: availableParallelism(),
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // A property that fails is shrunk; a test that hangs is a failure like any other.
    teardownTimeout: 5_000,
    env: { NO_COLOR: "1", TZ: "UTC" },
    reporters: ["default"]
  }
})
