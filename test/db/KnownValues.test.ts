import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import Database from "better-sqlite3"
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { knownValues } from "../../src/db/KnownValues.ts"
import { migrations } from "../../src/db/Schema.ts"
import { A, B, file, live, SECOND, T0 } from "./Samples.ts"

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "hx-test-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** A database with these in it, closed again. */
const filled = Effect.fn(function* (path: string) {
  yield* Effect.gen(function* () {
    const db = yield* HistoryDb
    yield* db.log.record(
      Array.from({ length: 3000 }, (_, index) =>
        live(`echo ${index}`, T0 + index * SECOND, {
          host: `host-${Math.floor(index / 300)}`,
          session: `session-${Math.floor(index / 1000)}`
        })
      )
    )
    yield* db.device.rename("this one")
    yield* db.peers.put(A, JSON.stringify({ label: "Anna's laptop", copy: false }))
    yield* db.peers.put(B, JSON.stringify({ label: "", copy: false }))
    yield* db.peers.put("c".repeat(32) as typeof A, JSON.stringify({ label: "a copy", copy: true }))
  }).pipe(Effect.provide(Layer.fresh(file(path))))
})

const alter = (path: string, sql: string) =>
  Effect.sync(() => {
    const database = new Database(path)
    database.exec(sql)
    database.close()
  })

describe("what completions are told of the history", () => {
  it.scoped("hosts, the sessions with the newest first, and devices by name or id", () =>
    Effect.gen(function* () {
      const home = yield* directory
      const path = join(home, "history.db")
      yield* filled(path)
      expect(yield* knownValues(path, "hosts")).toEqual(Array.from({ length: 10 }, (_, index) => `host-${index}`))
      expect(yield* knownValues(path, "sessions")).toEqual(["session-2", "session-1", "session-0"])
      expect([...(yield* knownValues(path, "devices"))].sort()).toEqual(["Anna's laptop", B, "this one"])
      expect(readdirSync(home)).toEqual(["history.db"])
    })
  )

  it.scoped("nothing where there is no database, and none is made", () =>
    Effect.gen(function* () {
      const path = join(yield* directory, "data", "history.db")
      expect(yield* knownValues(path, "hosts")).toEqual([])
      expect(existsSync(join(path, ".."))).toBe(false)
    })
  )

  it.scoped("nothing of a file that is no database of hx, or of another version, and it stays as it is", () =>
    Effect.gen(function* () {
      const home = yield* directory
      const garbage = join(home, "garbage.db")
      writeFileSync(garbage, "not a database".repeat(500))
      expect(yield* knownValues(garbage, "hosts")).toEqual([])
      const foreign = join(home, "foreign.db")
      yield* alter(foreign, "CREATE TABLE entries (seq INTEGER PRIMARY KEY, host INTEGER)")
      expect(yield* knownValues(foreign, "hosts")).toEqual([])
      const newer = join(home, "newer.db")
      yield* filled(newer)
      yield* alter(newer, `PRAGMA user_version = ${migrations.length + 1}`)
      expect(yield* knownValues(newer, "hosts")).toEqual([])
      expect(readdirSync(home).toSorted()).toEqual(["foreign.db", "garbage.db", "newer.db"])
    })
  )

  it.scoped("while another process writes: what was there before", () =>
    Effect.gen(function* () {
      const path = join(yield* directory, "history.db")
      yield* filled(path)
      const writer = new Database(path)
      writer.exec("BEGIN IMMEDIATE; DELETE FROM entries")
      expect(yield* knownValues(path, "hosts")).toHaveLength(10)
      writer.exec("ROLLBACK")
      writer.close()
    })
  )
})
