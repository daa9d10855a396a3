/** Damaged history files of every format: read as far as they can be, in pieces of any size, without ever failing. */

import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import type { DeviceId } from "../../../src/domain/Device.ts"
import { detectFormat } from "../../../src/history/DetectFormat.ts"
import { IMPORT_FORMATS, type ImportFormat } from "../../../src/history/importers/HistoryParser.ts"
import { makeImporter } from "../../../src/history/importers/Importer.ts"
import { campaign, casesOf, FUZZ_TIMEOUT, mutate } from "../../Fuzz.ts"

const DEVICE = "a1".repeat(16) as DeviceId

const ENTRY = {
  id: "5e".repeat(16),
  command: "make test",
  start: "2023-11-14T22:13:20.123456Z",
  duration: 1.5,
  exit: 0,
  cwd: "/srv",
  session: "s",
  host: "laptop",
  user: "me",
  shell: "zsh",
  origin: "live"
}

const SAMPLES: Readonly<Record<ImportFormat, ReadonlyArray<string>>> = {
  zsh: [
    ": 1700000000:5;make test\n: 1700000009:0;for i\\\ndo\\\\\ndone\n",
    "ls\n\\: > file\npwd\n",
    "\u0083\u00a9 x\n"
  ],
  bash: ["#1700000000\nmake test\n#1700000009\ncat <<EOF\n#1700000010\nEOF\nls\n", "ls\npwd\ncd /\n"],
  fish: ["- cmd: make test\n  when: 1700000000\n  paths:\n    - a\n- cmd: echo a\\nb\\\\c\n  when: 1700000009\n"],
  json: [
    JSON.stringify({
      format: "hx-export",
      version: 1,
      digest: "0".repeat(32),
      entries: [ENTRY, { ...ENTRY, start: null }]
    }),
    JSON.stringify({ format: "hx-export", version: 1, entries: [] }, null, 2)
  ],
  jsonl: [`${JSON.stringify(ENTRY)}\n${JSON.stringify({ ...ENTRY, duration: null })}\n`]
}

const TOKENS = [
  ":",
  ": 1700000000:",
  ";",
  "#",
  "#9999999999999",
  "- cmd: ",
  "  when: ",
  "\\\n",
  "\\",
  '{"',
  '","',
  "}",
  "]",
  "<<EOF\n"
]

const bytesOf = (texts: ReadonlyArray<string>) => texts.map((text) => Buffer.from(text))

const importAll = (format: ImportFormat, pieces: ReadonlyArray<Uint8Array>) => {
  const importer = makeImporter({ format, device: DEVICE, host: null, user: null })
  const batches = [...pieces.map(importer.push), importer.end()]
  return { entries: batches.flatMap(({ entries }) => entries), problems: batches.flatMap(({ problems }) => problems) }
}

describe("damaged history files", { timeout: FUZZ_TIMEOUT }, () => {
  it.effect.each(IMPORT_FORMATS)("of %s", (format) =>
    campaign({
      seed: 21,
      cases: casesOf(0.025),
      next: (random) => mutate(random, bytesOf(SAMPLES[format]), TOKENS),
      run: (bytes) =>
        Effect.sync(() => {
          const whole = importAll(format, [bytes])
          const middle = bytes.length >> 1
          expect(importAll(format, [bytes.subarray(0, middle), bytes.subarray(middle)])).toEqual(whole)
          for (const entry of whole.entries) {
            expect(entry.id).toMatch(/^[0-9a-f]{32}$/)
            expect(entry.command).not.toBe("")
            for (const number of [entry.start, entry.duration, entry.exit]) {
              expect(number === null || Number.isSafeInteger(number)).toBe(true)
            }
          }
          expect(whole.entries.length + whole.problems.length).toBeLessThanOrEqual(bytes.length + 1)
          return whole.entries.length > 0
        }),
      accepted: 0.05
    })
  )

  it.effect("whose format has to be found out", () =>
    campaign({
      seed: 22,
      cases: casesOf(0.025),
      next: (random) => mutate(random, bytesOf(Object.values(SAMPLES).flat()), TOKENS),
      run: (bytes) => Effect.sync(() => detectFormat(bytes) !== null)
    })
  )
})
