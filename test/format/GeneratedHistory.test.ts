/** The generator is only worth something if what it makes is like the real thing; and on that, the format keeps what was promised. */

import { it } from "@effect/vitest"
import { Effect } from "effect"
import { describe, expect } from "vitest"
import { generateHistory, type HistoryRecord } from "../../scripts/generator/History.ts"
import { toBash, toFish, toZshExtended } from "../../scripts/generator/HistoryText.ts"
import { UNICODE_NAMES, UNICODE_PHRASES } from "../../scripts/generator/Words.ts"
import type { Entry } from "../../src/domain/Entry.ts"
import { seal, segmentContext } from "../../src/format/Envelope.ts"
import { readSegment } from "../../src/format/SegmentReader.ts"
import { DEVICE, encodeOperations, keyring, SALT, withId } from "./Samples.ts"

const COUNT = 20_000
const records = [...generateHistory({ seed: 1, count: COUNT })]

const wholeSeconds = (micros: number): number => Math.floor(micros / 1_000_000) * 1_000_000

const live = ({ counter, ...record }: HistoryRecord): Entry =>
  withId({ ...record, origin: "live", device: DEVICE, ordinal: counter })

const imported = ({ command, duration, host, start, user }: HistoryRecord): Entry =>
  withId({
    ...{ start: wholeSeconds(start), duration: wholeSeconds(duration), exit: null, command, cwd: null, session: null },
    ...{ host, user, shell: null, origin: "import:zsh", device: DEVICE, ordinal: 0 }
  })

const bytesPerEntry = (entries: ReadonlyArray<Entry>) =>
  Effect.gen(function* () {
    const plaintext = encodeOperations(entries.map((entry) => ({ kind: "add", entry })))
    expect([...readSegment(plaintext, DEVICE)].map((each) => each.kind === "add" && each.entry)).toEqual(entries)
    const context = segmentContext(DEVICE, "00".repeat(16))
    const sealed = yield* seal(plaintext, context, keyring(), { codec: "brotli", salt: SALT })
    return sealed.length / entries.length
  })

describe("the generator", () => {
  it("makes the same history of the same seed, and another of another", () => {
    const again = [...generateHistory({ seed: 1, count: 500 })]
    expect(again).toEqual(records.slice(0, 500))
    const other = new Set([...generateHistory({ seed: 2, count: 500 })].map(({ command }) => command))
    expect(again.filter(({ command }) => !other.has(command)).length).toBeGreaterThan(200)
  })

  it("makes history like people's: about fifty bytes a line, many commands once and some all the time, failures, pauses", () => {
    const uses = new Map<string, number>()
    for (const { command } of records) uses.set(command, (uses.get(command) ?? 0) + 1)
    const distinct = uses.size / COUNT
    const often = [...uses.values()].sort((a, b) => b - a).slice(0, 20)
    const bytes = records.reduce((sum, record) => sum + Buffer.byteLength(toZshExtended(record)), 0) / COUNT
    expect([bytes > 45, bytes < 60]).toEqual([true, true])
    expect([distinct > 0.3, distinct < 0.55]).toEqual([true, true])
    expect(often.reduce((sum, count) => sum + count, 0) / COUNT).toBeGreaterThan(0.15)
    expect(new Set(records.map(({ cwd }) => cwd)).size).toBeGreaterThan(100)
    expect(new Set(records.map(({ session }) => session)).size).toBeGreaterThan(50)
    expect(records.filter(({ exit }) => exit !== 0).length / COUNT).toBeGreaterThan(0.03)
    expect(records.some(({ command }) => command.includes("\n"))).toBe(true)
    expect(records.some(({ command }) => /[^\u0020-\u007e\n]/.test(command))).toBe(true)
    expect(records.every(({ start }, index) => index === 0 || start > (records[index - 1]?.start ?? 0))).toBe(true)
  })

  it("writes files as the shells do", () => {
    const record = {
      ...live(records[0] as HistoryRecord),
      counter: 0,
      start: 1_700_000_000_900_000,
      duration: 2_500_000
    }
    const odd = { ...record, command: "a \\\nb" } as unknown as HistoryRecord
    expect(toZshExtended(odd)).toBe(": 1700000000:2;a \\\\\nb\n")
    expect(toBash(odd)).toBe("#1700000000\na \\\nb\n")
    expect(records.every((each) => !Buffer.from(toZshExtended(each)).includes(0x83))).toBe(true)
    expect([...UNICODE_NAMES, ...UNICODE_PHRASES].every((text) => !Buffer.from(text).includes(0x83))).toBe(true)
    expect(toFish(odd)).toBe("- cmd: a \\\\\\nb\n  when: 1700000000\n")
  })
})

describe("a sealed segment of such a history", () => {
  it.effect("takes at most 9 bytes an imported entry, which is less than xz takes for the file", () =>
    Effect.map(bytesPerEntry(records.map(imported)), (bytes) => expect(bytes).toBeLessThan(9))
  )

  it.effect(
    "takes at most 16 bytes a live entry, with microseconds, directory, session, exit status and duration",
    () => Effect.map(bytesPerEntry(records.map(live)), (bytes) => expect(bytes).toBeLessThan(16))
  )
})
