/** hx show, last, stats, status --storage. */

import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { last } from "../../src/history/Last.ts"
import { show } from "../../src/history/Show.ts"
import { stats } from "../../src/history/Stats.ts"
import { storageUse } from "../../src/history/Storage.ts"
import { imported, live, memory, SECOND, T0, temporaryDirectory } from "../db/Samples.ts"

describe("show", () => {
  it.effect("gives the one entry whose id begins so, in capitals too", () =>
    Effect.gen(function* () {
      const { log } = yield* HistoryDb
      const entry = live("make", T0)
      yield* log.record([entry])
      for (const id of [entry.id, entry.id.slice(0, 1), ` ${entry.id.slice(0, 7).toUpperCase()}`]) {
        expect(yield* show(id)).toMatchObject({ id: entry.id, command: "make" })
      }
      for (const id of ["", "xyz", `${entry.id}0`]) {
        expect(yield* Effect.flip(show(id))).toMatchObject({ reason: "Malformed", given: id })
      }
      const other = entry.id.startsWith("0") ? "1" : "0"
      expect(yield* Effect.flip(show(other))).toMatchObject({ reason: "Absent" })
    }).pipe(Effect.provide(memory))
  )

  it.effect("names the candidates where there are several", () =>
    Effect.gen(function* () {
      const { log } = yield* HistoryDb
      const entries = Array.from({ length: 17 }, (_, index) => live(`make ${index}`, T0))
      yield* log.record(entries)
      const digits = entries.map(({ id }) => id[0]!)
      const twice = digits.find((digit, index) => digits.indexOf(digit) !== index)!
      const error = yield* Effect.flip(show(twice))
      expect(error).toMatchObject({ reason: "Ambiguous" })
      expect(error._tag === "EntryIdError" && error.candidates.map(({ id }) => id)).toEqual(
        entries
          .map(({ id }) => id)
          .filter((id) => id.startsWith(twice))
          .sort()
      )
    }).pipe(Effect.provide(memory))
  )
})

describe("last", () => {
  it.effect("is the newest session but the one that asks, oldest first, with what failed", () =>
    Effect.gen(function* () {
      const { log } = yield* HistoryDb
      yield* log.record([
        live("old", T0, { session: "one" }),
        live("make", T0 + SECOND, { session: "two", exit: 0 }),
        live("false", T0 + 2 * SECOND, { session: "two", exit: 1 }),
        live("hx last", T0 + 3 * SECOND, { session: "three" }),
        imported("elsewhere", T0 + 9 * SECOND)
      ])
      const result = yield* last("three")
      expect(result.session).toBe("two")
      expect(result.entries.map(({ command }) => command)).toEqual(["make", "false"])
      expect(result.failures.map(({ command }) => command)).toEqual(["false"])
      expect((yield* last(null)).session).toBe("three")
      expect((yield* last("unknown")).session).toBe("three")
    }).pipe(Effect.provide(memory))
  )

  it.effect("of a history that was imported is its newest entries, and of none nothing", () =>
    Effect.gen(function* () {
      const { log } = yield* HistoryDb
      expect(yield* last(null)).toEqual({ session: null, entries: [], failures: [] })
      yield* log.record([imported("two", T0 + SECOND), imported("one", T0)])
      const { entries, session } = yield* last(null)
      expect(session).toBe(null)
      expect(entries.map(({ command }) => command)).toEqual(["one", "two"])
    }).pipe(Effect.provide(memory))
  )
})

describe("stats", () => {
  it.effect("counts what is visible", () =>
    Effect.gen(function* () {
      const { log } = yield* HistoryDb
      const noon = (day: number) => new Date(2026, 2, day, 12, 7).getTime() * 1000
      yield* log.record([
        live("git status", noon(1), { cwd: "/a", exit: 0 }),
        live("git status", noon(2), { cwd: "/a", exit: 0 }),
        live("LANG=C sudo git push", noon(2) + SECOND, { cwd: "/b", exit: 1 }),
        imported("git status", noon(2), { host: null }),
        imported("ls", noon(5) + 3_600 * SECOND, { host: "server", shell: "bash" }),
        imported("undated", null)
      ])
      const result = yield* stats({ top: 10, now: noon(6) })
      expect(result).toMatchObject({
        entries: 5,
        shadowed: 1,
        commands: 4,
        first: noon(1),
        last: noon(5) + 3_600 * SECOND,
        hosts: [
          ["laptop", 4],
          ["server", 1]
        ],
        shells: [
          ["zsh", 4],
          ["bash", 1]
        ],
        topDirectories: [
          ["/a", 2],
          ["/b", 1]
        ],
        topPrograms: [
          { value: "git status", count: 2 },
          { value: "git push", count: 1 },
          { value: "ls", count: 1 },
          { value: "undated", count: 1 }
        ],
        topWords: [
          { value: "git", count: 3 },
          { value: "ls", count: 1 },
          { value: "undated", count: 1 }
        ],
        topFailures: [{ value: "LANG=C sudo git push", count: 1, finished: 1 }],
        undated: 1,
        finished: 3,
        failed: 1,
        streaks: { longest: { length: 2 }, current: { length: 1 } }
      })
      expect(result.days.size).toBe(3)
      expect(result.topCommands[0]).toEqual({ value: "git status", count: 2 })
      // March 1st, 2026 is a Sunday.
      expect(result.weekdays).toEqual([1, 2, 0, 0, 1, 0, 0])
      expect(result.hours.flatMap((count, hour) => (count > 0 ? [[hour, count]] : []))).toEqual([
        [12, 3],
        [13, 1]
      ])
      expect((yield* stats({ top: 10, now: noon(9) })).streaks.current.length).toBe(0)
    }).pipe(Effect.provide(memory))
  )

  it.effect("of an empty history is nothing, and no error", () =>
    Effect.gen(function* () {
      expect(yield* stats({ top: 10, now: T0 })).toMatchObject({
        entries: 0,
        first: null,
        topCommands: [],
        longest: [],
        busiest: null,
        streaks: { longest: { length: 0 }, current: { length: 0 } }
      })
    }).pipe(Effect.provide(memory))
  )
})

describe("storageUse", () => {
  it.scoped("adds up the data directory by kind", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const write = (path: string, size: number) => {
        mkdirSync(join(directory, path, ".."), { recursive: true })
        writeFileSync(join(directory, path), Buffer.alloc(size))
      }
      write("history.db", 100)
      write("history.db-wal", 10)
      write("keys/one", 5)
      write("credentials", 4)
      write("sync/manifests/a.hxm", 30)
      write("sync/vault.json", 20)
      write("lock", 1)
      symlinkSync("history.db", join(directory, "link"))
      expect(yield* storageUse(directory)).toEqual([
        { kind: "database", bytes: 100, files: 1 },
        { kind: "journal", bytes: 10, files: 1 },
        { kind: "keys", bytes: 9, files: 2 },
        { kind: "store", bytes: 50, files: 2 },
        { kind: "other", bytes: 1, files: 1 }
      ])
      expect(yield* storageUse(join(directory, "nowhere"))).toEqual([])
    })
  )
})
