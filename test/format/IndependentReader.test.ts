/** A reader written from the specification alone, in another language, agrees with hx: so the specification is enough. */

import { it } from "@effect/vitest"
import { execFileSync, spawnSync } from "node:child_process"
import { Effect } from "effect"
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { describe, expect } from "vitest"
import { plant } from "../../src/store/MemoryObjectStore.ts"
import { manifestName } from "../../src/sync/ObjectNames.ts"
import { runRotation } from "../../src/sync/Sync.ts"
import { temporaryDirectory } from "../platform/TemporaryDirectory.ts"
import { forgeAs } from "../sync/Forge.ts"
import { joinAll, live, makeDevice, makeWorld, push, record } from "../sync/World.ts"

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

  it.scoped(
    "reads a vault whose key was rotated: what the old key sealed as far as it stood then, and nothing made with it since",
    () =>
      Effect.gen(function* () {
        const world = makeWorld()
        const [a, b] = [yield* makeDevice(world, "a"), yield* makeDevice(world, "b")]
        const old = yield* joinAll(a, b)
        for (const [counter, device] of [a, b].entries()) {
          yield* record(device, yield* live(device, `of ${counter}`, counter))
          yield* push(device)
        }
        const name = manifestName(yield* b.id)
        const forged = yield* forgeAs(
          b,
          yield* b.id,
          world.bucket.objects.get(name)?.bytes ?? new Uint8Array(),
          "forged"
        )
        const { recoveryKey } = yield* a.as(runRotation)
        const directory = yield* temporaryDirectory
        const read = (key: string) =>
          Effect.sync(() => {
            for (const [object, { bytes }] of world.bucket.objects) {
              mkdirSync(dirname(join(directory, object)), { recursive: true })
              writeFileSync(join(directory, object), bytes)
            }
            writeFileSync(join(directory, "key"), key)
            return spawnSync(PYTHON, [READER, directory, join(directory, "key")], { encoding: "utf8" })
          })
        const { status, stdout } = yield* read(recoveryKey)
        expect(status).toBe(0)
        expect([...stdout.matchAll(/"command": "(of \d)"/g)].map(([, command]) => command).sort()).toEqual([
          "of 0",
          "of 1"
        ])
        expect((yield* read(old)).stderr.trim()).toBe("refused: an old recovery key")
        plant(world.bucket, name, forged)
        expect((yield* read(recoveryKey)).stderr.trim()).toMatch(/^refused: (published under|not the manifest)/)
      })
  )
})
