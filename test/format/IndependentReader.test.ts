/** A reader written from the specification alone, in another language, agrees with hx: so the specification is enough. */

import { it } from "@effect/vitest"
import { execFileSync, spawnSync } from "node:child_process"
import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect } from "vitest"

const GOLDEN = join(import.meta.dirname, "golden", "v1")
const READER = join(import.meta.dirname, "independent", "read_vault.py")
const PYTHON = process.env["HX_TEST_PYTHON"] ?? "python3"

/** It needs the packages python3-cryptography and python3-brotli. */
const isMissing = spawnSync(PYTHON, ["-c", "import brotli, cryptography"]).status !== 0

const KEY = join(GOLDEN, "encrypted", "recovery-key")
const parsed = (lines: string) =>
  lines
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly device?: string })

/** Logs in the order of their devices' ids: each log's name is the line that has a device and no kind. */
const byDevice = (lines: ReadonlyArray<{ readonly device?: string }>) => {
  const logs = new Map<string, Array<unknown>>()
  let log: Array<unknown> = []
  for (const line of lines.slice(1)) {
    if (line.device !== undefined) logs.set(line.device, (log = []))
    log.push(line)
  }
  return [lines[0], ...[...logs.keys()].sort().map((device) => logs.get(device))]
}

describe.skipIf(isMissing)("the independent reader", () => {
  it.each([
    ["encrypted", [KEY]],
    ["plain", []]
  ])("finds in the golden vault that is %s what hx finds", (vault, key) => {
    const found = execFileSync(PYTHON, [READER, join(GOLDEN, vault), ...key], { encoding: "utf8", maxBuffer: 1 << 24 })
    const expected = readFileSync(join(GOLDEN, "expected.jsonl"), "utf8")
    expect(byDevice(parsed(found))).toEqual(byDevice(parsed(expected)))
  })

  it("refuses one device's manifest in the place of the other's", () => {
    const directory = mkdtempSync(join(tmpdir(), "hx-golden-"))
    try {
      cpSync(join(GOLDEN, "encrypted"), directory, { recursive: true })
      const [one = "", two = ""] = readdirSync(join(directory, "manifests"))
      copyFileSync(join(directory, "manifests", one), join(directory, "manifests", two))
      const result = spawnSync(PYTHON, [READER, directory, KEY], { encoding: "utf8" })
      expect([result.status, result.stderr.trim()]).toEqual([1, "refused: another key, or another place"])
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})
