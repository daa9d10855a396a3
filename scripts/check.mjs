// npm run check: everything that must hold before a change goes in. Every step runs even when an earlier one failed; the end lists them.
//
//   node scripts/check.mjs [--without-tests] [STEP …]

import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const node = process.execPath
const bin = (path) => [node, `node_modules/${path}`]

const STEPS = [
  ["format", ...bin("prettier/bin/prettier.cjs"), "--check", "--log-level", "warn", "."],
  ["lint", ...bin("eslint/bin/eslint.js"), "--cache", "--cache-location", "node_modules/.cache/eslint/", "."],
  ["imports", ...bin("dependency-cruiser/bin/dependency-cruise.mjs"), "--config", ".dependency-cruiser.mjs", "src"],
  ["types", ...bin("typescript/bin/tsc"), "-p", "."],
  [
    "effect",
    ...bin("@effect/language-service/cli.js"),
    "diagnostics",
    "--project",
    "tsconfig.json",
    "--format",
    "text",
    "--strict",
    "--severity",
    "error,warning"
  ],
  ["build", node, "scripts/build.mjs"],
  ["readme", node, "scripts/check-readme.mjs"],
  ["start-up", node, "scripts/check-startup.mjs"],
  ["tests", ...bin("vitest/vitest.mjs"), "run"]
]

const wanted = process.argv.slice(2).filter((word) => !word.startsWith("--"))
const withoutTests = process.argv.includes("--without-tests")
const chosen = STEPS.filter(([name]) =>
  wanted.length === 0 ? !(withoutTests && name === "tests") : wanted.includes(name)
)
const unknown = wanted.filter((name) => !STEPS.some(([step]) => step === name))
if (unknown.length > 0) {
  console.error(`No such step: ${unknown.join(", ")}. Steps: ${STEPS.map(([name]) => name).join(", ")}`)
  process.exit(2)
}

const ends = chosen.map(([name, command, ...words]) => {
  console.log(`── ${name}`)
  const began = performance.now()
  const { status } = spawnSync(command, words, {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, HX_TEST_BUILT: name === "tests" && chosen.some(([step]) => step === "build") ? "1" : "" }
  })
  return { name, passed: status === 0, seconds: (performance.now() - began) / 1000 }
})

console.log("")
for (const { name, passed, seconds } of ends)
  console.log(`${passed ? "ok  " : "FAIL"} ${name.padEnd(9)} ${seconds.toFixed(1)} s`)
const failed = ends.filter(({ passed }) => !passed).length
console.log(`check: ${ends.length - failed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
