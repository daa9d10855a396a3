import { describe, expect, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { exportBytes, exportEntries, historyDigest } from "../../src/history/Export.ts"
import { importHistory, parseHistory } from "../../src/history/Import.ts"
import { makeHistoryDigest } from "../../src/domain/HistoryDigest.ts"
import type { ImportFormat } from "../../src/history/importers/HistoryParser.ts"
import { A, imported, live, memory, SECOND, T0 } from "../db/Samples.ts"

const source = (format: ImportFormat) => ({ format, device: A, host: "laptop", user: "me" })

const text = (content: string, format: ImportFormat) =>
  parseHistory(Stream.make(Buffer.from(content.slice(0, 20)), Buffer.from(content.slice(20))), source(format))

const zsh = (...lines: ReadonlyArray<string>) => text(lines.map((line) => `${line}\n`).join(""), "zsh")

describe("import", () => {
  it.effect("counts what is added, known, shadowed and refused, and what could not be read", () =>
    Effect.gen(function* () {
      const { log } = yield* HistoryDb
      const gone = imported("secret", T0)
      yield* log.record([live("make", T0 + 300_000)])
      yield* log.forget({ ids: [gone.id], twins: [], windows: [] })
      const file = zsh(": 1700000000:0;make", ": 1700000000:0;secret", ": 1700000005:3;ls", ": 1700000006:0;a\0b")
      const expected = { read: 3, added: 2, shadowed: 1, refused: 1, known: 0, merged: 0, problems: 1 }
      const dry = yield* importHistory(file, { dryRun: true })
      expect(dry).toMatchObject(expected)
      expect(yield* log.end).toBe(2)
      const heard: Array<number> = []
      const report = yield* importHistory(file, { dryRun: false, onProgress: (read) => heard.push(read) })
      expect(report).toEqual(dry)
      expect(report.firstProblems).toMatchObject([{ line: 4 }])
      expect(heard).toEqual([3])
      const again = yield* importHistory(file, { dryRun: false })
      expect(again).toMatchObject({ read: 3, added: 0, shadowed: 0, known: 2, refused: 1 })
    }).pipe(Effect.provide(memory))
  )

  it.effect("takes in of a grown file only what is new, and of a cut one nothing", () =>
    Effect.gen(function* () {
      const lines = Array.from({ length: 30 }, (_, index) => `: 17000000${10 + index}:0;make ${index % 4}`)
      yield* importHistory(zsh(...lines.slice(0, 20)), { dryRun: false })
      expect(yield* importHistory(zsh(...lines), { dryRun: false })).toMatchObject({ added: 10, known: 20 })
      expect(yield* importHistory(zsh(...lines.slice(15)), { dryRun: false })).toMatchObject({ added: 0, known: 15 })
    }).pipe(Effect.provide(memory))
  )

  it.effect(
    "writes in several transactions, and counts over all of them",
    () =>
      Effect.gen(function* () {
        const { log } = yield* HistoryDb
        const batches = Stream.range(0, 24).pipe(
          Stream.map((batch) => ({
            entries: Array.from({ length: 5000 }, (_, index) => imported(`make ${index}`, T0 + batch * SECOND)),
            problems: []
          }))
        )
        const heard: Array<number> = []
        const report = yield* importHistory(batches, { dryRun: false, onProgress: (read) => heard.push(read) })
        expect(report).toMatchObject({ read: 125_000, added: 125_000 })
        expect(heard).toEqual([50_000, 100_000, 125_000])
        expect(yield* log.end).toBe(125_000)
      }).pipe(Effect.provide(memory)),
    60_000
  )
})

describe("export", () => {
  const sample = [
    imported("undated b", null),
    imported("undated a", null),
    live("late", T0 + 9 * SECOND, { exit: 1, duration: 5, cwd: "/tmp", user: "me" }),
    live("early\nand \u{10ff80}", T0),
    imported("early\nand \u{10ff80}", T0, { origin: "import:bash" }),
    imported("other", T0, { host: null })
  ]

  it.effect("gives what is visible in a stable order: undated as taken in, then by time, page after page", () =>
    Effect.gen(function* () {
      const { history, log } = yield* HistoryDb
      yield* log.record(sample)
      const entries = (yield* Stream.runCollect(exportEntries({}))).pipe((chunk) => Array.from(chunk).flat())
      expect(entries.map(({ command }) => command)).toEqual([
        "undated b",
        "undated a",
        "early\nand \u{10ff80}",
        "other",
        "late"
      ])
      for (const limit of [1, 2, 3]) {
        const paged: Array<string> = []
        let cursor: Parameters<typeof history.page>[0]["cursor"] = null
        do {
          const page: Effect.Effect.Success<ReturnType<typeof history.page>> = yield* history.page({ cursor, limit })
          paged.push(...page.entries.map(({ id }) => id))
          cursor = page.next
        } while (cursor !== null)
        expect(paged).toEqual(entries.map(({ id }) => id))
      }
      const dated = yield* Stream.runCollect(exportEntries({ after: T0 + 1 }))
      expect(
        Array.from(dated)
          .flat()
          .map(({ command }) => command)
      ).toEqual(["late"])
    }).pipe(Effect.provide(memory))
  )

  for (const format of ["json", "jsonl"] as const) {
    it.effect(`as ${format} and imported on an empty device gives the identical digest`, () =>
      Effect.gen(function* () {
        const { log } = yield* HistoryDb
        yield* log.record(sample)
        const bytes = yield* Stream.runCollect(exportBytes(format, {}))
        const before = yield* historyDigest()
        const after = yield* Effect.gen(function* () {
          const report = yield* importHistory(parseHistory(Stream.fromIterable(bytes), source(format)), {
            dryRun: false
          })
          expect(report).toMatchObject({ read: 5, added: 5, problems: 0 })
          return yield* historyDigest()
        }).pipe(Effect.provide(memory))
        expect(after).toBe(before)
        expect(after).not.toBe(makeHistoryDigest().value())
      }).pipe(Effect.provide(memory))
    )
  }
})
