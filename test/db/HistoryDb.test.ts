/** The file: what opening makes, keeps and refuses; transactions. */

import { describe, expect, it } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import { Effect, Exit, Layer, Option } from "effect"
import { execFileSync } from "node:child_process"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { DbError } from "../../src/db/DbError.ts"
import { HistoryDb, type HistoryDbService } from "../../src/db/HistoryDb.ts"
import { file, live, memory, T0, temporaryDirectory } from "./Samples.ts"

const using = <A, E>(path: string, use: (db: HistoryDbService) => Effect.Effect<A, E>) =>
  Effect.flatMap(HistoryDb, use).pipe(Effect.provide(file(path)))

const device = (path: string) => using(path, (db) => db.device.id)

/** Opening fails with this reason, and not a byte or a file of the directory changes. */
const refused = Effect.fnUntraced(function* (path: string, reason: DbError["reason"]) {
  const directory = join(path, "..")
  const snapshot = () =>
    readdirSync(directory).map((name) => {
      const stat = statSync(join(directory, name))
      return [name, stat.mtimeMs, stat.mode, stat.isFile() ? readFileSync(join(directory, name), "latin1") : ""]
    })
  const before = snapshot()
  const error = yield* Effect.flip(device(path))
  expect(error).toBeInstanceOf(DbError)
  expect(error).toMatchObject({ reason, path })
  expect(snapshot()).toEqual(before)
})

/** A database that was closed, so that it is one file. */
const made = Effect.fnUntraced(function* (commands = 3) {
  const path = join(yield* temporaryDirectory, "history.db")
  yield* using(path, ({ log }) =>
    log.record(Array.from({ length: commands }, (_, index) => live(`command ${index}`, T0 + index)))
  )
  return path
})

const patch = (path: string, offset: number, bytes: ReadonlyArray<number>) => {
  const content = readFileSync(path)
  content.set(bytes, offset)
  writeFileSync(path, content)
}

describe("a file that is not there", () => {
  it.scoped("is made 0600 in a folder of 0700, with a device id that stays", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "new", "data", "history.db")
      yield* using(path, (db) =>
        Effect.gen(function* () {
          yield* db.device.rename("laptop")
          for (const name of readdirSync(join(path, ".."))) {
            expect([name, statSync(join(path, "..", name)).mode & 0o777]).toEqual([name, 0o600])
          }
        })
      )
      expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700)
      expect(readdirSync(join(path, ".."))).toEqual(["history.db"])
      const first = yield* device(path)
      expect(first).toMatch(/^[0-9a-f]{32}$/)
      expect(yield* device(path)).toBe(first)
      expect(yield* using(path, (db) => db.device.label)).toBe("laptop")
    })
  )

  it.scoped("is a database with a write-ahead log, full syncing and zeroing", () =>
    Effect.gen(function* () {
      const path = yield* made()
      const db = new Sqlite(path, { readonly: true })
      expect(db.pragma("journal_mode", { simple: true })).toBe("wal")
      expect(db.pragma("integrity_check", { simple: true })).toBe("ok")
      db.close()
    })
  )
})

describe("a file that cannot be used", () => {
  it.scoped("gives a clear error and is not touched", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const text = join(directory, "text.db")
      writeFileSync(text, "not a database at all, but longer than a header: ".repeat(10))
      yield* refused(text, "Damaged")
      const short = join(directory, "short.db")
      writeFileSync(short, "x")
      yield* refused(short, "Damaged")
      const folder = join(directory, "folder.db")
      mkdirSync(folder)
      yield* refused(folder, "Unreadable")
      yield* refused(join(text, "history.db"), "Unreadable").pipe(Effect.catchAllDefect(() => Effect.void))
    })
  )

  it.scoped("is somebody else's database", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "history.db")
      const db = new Sqlite(path)
      db.exec("CREATE TABLE places (url TEXT)")
      db.close()
      yield* refused(path, "Damaged")
    })
  )

  it.scoped("was written by a newer hx", () =>
    Effect.gen(function* () {
      const path = yield* made()
      const db = new Sqlite(path)
      db.pragma("user_version = 99")
      db.close()
      yield* refused(path, "Newer")
    })
  )

  it.scoped("lost its end", () =>
    Effect.gen(function* () {
      const path = yield* made()
      truncateSync(path, statSync(path).size - 4096)
      yield* refused(path, "Damaged")
    })
  )

  it.scoped("has a page that makes no sense: found when it is read", () =>
    Effect.gen(function* () {
      const path = yield* made()
      for (let page = 1; page < statSync(path).size / 4096; page++)
        patch(path, page * 4096, Array<number>(200).fill(0xee))
      const error = yield* Effect.flip(using(path, (db) => db.history.find({ words: [], limit: 1 })))
      expect(error).toMatchObject({ _tag: "DbError", reason: "Damaged" })
    })
  )

  // root may do everything.
  it.scoped.skipIf(process.getuid?.() === 0)("may not be read, or not be written", () =>
    Effect.gen(function* () {
      const path = yield* made()
      chmodSync(path, 0o400)
      yield* refused(path, "ReadOnly")
      chmodSync(path, 0o000)
      const error = yield* Effect.flip(device(path))
      expect(error).toMatchObject({ reason: "Unreadable" })
    })
  )
})

describe("a file that is all right", () => {
  it.scoped("is empty: a creation that was cut off", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "history.db")
      writeFileSync(path, "")
      expect(yield* device(path)).toMatch(/^[0-9a-f]{32}$/)
    })
  )

  it.scoped("stands behind a symbolic link", () =>
    Effect.gen(function* () {
      const path = yield* made()
      const link = join(path, "..", "link.db")
      symlinkSync(path, link)
      expect(yield* device(link)).toBe(yield* device(path))
    })
  )

  it.scoped("was not closed: what was committed is there", () =>
    Effect.gen(function* () {
      const path = yield* made(1)
      const copy = join(path, "..", "copy.db")
      yield* using(path, (db) =>
        Effect.gen(function* () {
          yield* db.log.record([live("later", T0 + 9)])
          execFileSync("cp", [path, copy])
          execFileSync("cp", [`${path}-wal`, `${copy}-wal`])
        })
      )
      expect(yield* using(copy, (db) => db.log.end)).toBe(2)
    })
  )

  it.scoped(
    "is waited for while another process writes, and then given up",
    () =>
      Effect.gen(function* () {
        const path = yield* made()
        const other = new Sqlite(path)
        other.exec("BEGIN IMMEDIATE")
        const error = yield* Effect.flip(using(path, (db) => db.documents.put("a", "1")))
        other.close()
        expect(error).toMatchObject({ _tag: "DbError", reason: "Busy" })
      }),
    15_000
  )
})

describe("transaction", () => {
  it.effect("keeps all or nothing, with what nested ones wrote", () =>
    Effect.gen(function* () {
      const db = yield* HistoryDb
      const write = Effect.zipRight(db.documents.put("a", "1"), db.log.record([live("make", T0)]))
      expect(yield* Effect.flip(db.transaction(Effect.zipRight(write, Effect.fail("no" as const))))).toBe("no")
      expect(yield* db.documents.get("a")).toEqual(Option.none())
      expect(yield* db.log.end).toBe(0)
      yield* db.transaction(write)
      expect(yield* db.documents.get("a")).toEqual(Option.some("1"))
      expect(yield* db.log.end).toBe(1)
    }).pipe(Effect.provide(memory))
  )

  it.effect("is rolled back when it is interrupted, and the next one works", () =>
    Effect.gen(function* () {
      const db = yield* HistoryDb
      const exit = yield* Effect.exit(db.transaction(Effect.zipRight(db.documents.put("a", "1"), Effect.interrupt)))
      expect(Exit.isInterrupted(exit)).toBe(true)
      expect(yield* db.documents.get("a")).toEqual(Option.none())
      yield* db.documents.put("b", "2")
      yield* db.documents.put("b", "3")
      expect(yield* db.documents.get("b")).toEqual(Option.some("3"))
      yield* db.documents.remove("b")
      expect(yield* db.documents.get("b")).toEqual(Option.none())
    }).pipe(Effect.provide(memory))
  )

  it.effect("is not committed when a part of it failed, whoever handled that", () =>
    Effect.gen(function* () {
      const db = yield* HistoryDb
      const part = db.transaction(Effect.zipRight(db.documents.put("a", "1"), Effect.fail("no")))
      const error = yield* Effect.flip(db.transaction(Effect.ignore(part)))
      expect(error).toMatchObject({ _tag: "DbError", reason: "Failed" })
      expect(yield* db.documents.get("a")).toEqual(Option.none())
    }).pipe(Effect.provide(memory))
  )

  it.effect("of two fibers come one after the other", () =>
    Effect.gen(function* () {
      const db = yield* HistoryDb
      const append = (text: string) =>
        db.transaction(
          Effect.gen(function* () {
            const before = Option.getOrElse(yield* db.documents.get("list"), () => "")
            yield* Effect.yieldNow()
            yield* db.documents.put("list", before + text)
          })
        )
      yield* Effect.all(["a", "b", "c"].map(append), { concurrency: "unbounded" })
      expect(Option.getOrThrow(yield* db.documents.get("list"))).toHaveLength(3)
    }).pipe(Effect.provide(memory))
  )
})

describe("rehearse", () => {
  it.scoped("tells what would be, and changes nothing", () =>
    Effect.gen(function* () {
      const path = yield* made(1)
      yield* using(path, (db) =>
        Effect.gen(function* () {
          const record = db.log.record([live("make", T0), live("command 0", T0)])
          expect(yield* db.rehearse(record)).toMatchObject({ added: 1, known: 1 })
          expect(yield* db.log.end).toBe(1)
          expect(yield* record).toMatchObject({ added: 1, known: 1 })
        })
      )
      expect(existsSync(`${path}-wal`)).toBe(false)
    })
  )
})

describe("two databases in memory", () => {
  it.effect("are two", () =>
    Effect.gen(function* () {
      const one = yield* HistoryDb
      yield* one.log.record([live("make", T0)])
      const end = yield* Effect.flatMap(HistoryDb, (other) => other.log.end).pipe(Effect.provide(Layer.fresh(memory)))
      expect(end).toBe(0)
    }).pipe(Effect.provide(memory))
  )
})
