import { readFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { defineConfig, type Plugin } from "vitest/config"

/** Shell scripts are text, as in the build. */
const shellScripts: Plugin = {
  name: "shell-scripts",
  enforce: "pre",
  load: (id) =>
    /\.(zsh|bash|fish)$/.test(id) ? `export default ${JSON.stringify(readFileSync(id, "utf8"))}` : undefined
}

export default defineConfig({
  plugins: [shellScripts],
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
