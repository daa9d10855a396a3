/**
 * The database under what hx does to it without any store: record, finish, import, forget. At every statement that writes, database and log are
 * copied as they are on the disk, and commits torn anywhere in the log; each copy is opened by hx and checked. Nothing that was acknowledged is
 * missing (promise 1), nothing is there by half, and doing it all again ends where an undisturbed run does (promise 8).
 */

import { describe, expect, it } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import { Effect, Layer, Stream } from "effect"
import { join } from "node:path"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { historyDigest } from "../../src/history/Export.ts"
import { forget, planForget } from "../../src/history/Forget.ts"
import { importHistory, parseHistory } from "../../src/history/Import.ts"
import { breathe } from "../../src/platform/EventLoop.ts"
import { A, file, live, SECOND, T0 } from "../db/Samples.ts"
import { directoryWith, type Durable, watchDirectory } from "../sync/CrashPoints.ts"

const importLines = (first: number, count: number) => {
  const lines = Array.from(
    { length: count },
    (_, index) => `: ${1_700_000_000 + first + index}:0;imported ${first + index}\n`
  )
  const source = { format: "zsh" as const, device: A, host: "laptop", user: "me" }
  return importHistory(parseHistory(Stream.make(Buffer.from(lines.join(""))), source), { dryRun: false })
}

const forgetWhat = (request: { readonly match?: string; readonly since?: number }) =>
  Effect.flatMap(
    planForget({ ids: [], match: null, since: null, allDevices: false, now: T0 + 10_000 * SECOND, ...request }),
    forget
  )

const log = <X, E>(use: (log: HistoryDb["Type"]["log"]) => Effect.Effect<X, E>) =>
  Effect.flatMap(HistoryDb, (db) => use(db.log))

const first = live("the first", T0)
const second = live("the second", T0 + SECOND, { ordinal: 1 })

/** One acknowledged after the other. */
const acts: ReadonlyArray<Effect.Effect<unknown, unknown, HistoryDb>> = [
  log(({ record }) => record([first])),
  log(({ finish }) => finish(first.id, 0, 5_000)),
  log(({ record }) => record([second, live("the third", T0 + 2 * SECOND, { ordinal: 2, cwd: "/home/me" })])),
  importLines(100, 300),
  forgetWhat({ match: "second" }),
  importLines(300, 300),
  log(({ finish }) => finish(live("not here yet", T0, { ordinal: 9 }).id, 1, 2)),
  forgetWhat({ match: "imported 15" }),
  log(({ record }) => record([live("not here yet", T0, { ordinal: 9 })])),
  forgetWhat({ since: T0 + 590 * SECOND }),
  log(({ record }) => record([live("the last", T0 + 5 * SECOND, { ordinal: 11 })]))
]

const factsOf = Effect.gen(function* () {
  const db = yield* HistoryDb
  const end = yield* db.log.end
  return {
    history: yield* historyDigest(),
    device: yield* db.device.id,
    operations: yield* db.log.identities(1, end),
    purged: yield* db.log.purged
  }
})
type Facts = Effect.Effect.Success<typeof factsOf>

const databaseIn = (root: string) => join(root, "data", "history.db")

/** What hx finds there, after SQLite has found nothing wrong. */
const opened = (files: Durable["files"]) =>
  Effect.scoped(
    Effect.gen(function* () {
      const root = yield* directoryWith(files)
      const facts = yield* Effect.provide(factsOf, file(databaseIn(root)))
      const database = new Sqlite(databaseIn(root), { readonly: true })
      const found = [
        database.pragma("integrity_check", { simple: true }),
        database.pragma("user_version", { simple: true })
      ]
      database.close()
      expect(found).toEqual(["ok", 1])
      return facts
    })
  )

const doneAgain = (files: Durable["files"]) =>
  Effect.scoped(
    Effect.gen(function* () {
      const root = yield* directoryWith(files)
      return yield* Effect.provide(Effect.zipRight(Effect.all(acts), factsOf), file(databaseIn(root)))
    })
  )

/** HX_CRASH_POINTS=all: the log is torn at each of so many bytes, else at a few places of each commit. */
const EVERY = process.env["HX_CRASH_POINTS"] === "all"
const CUT = EVERY ? 512 : 40_000

/** The log cut off in a commit: at any length between those before and after it, with what was there before behind it, or nothing. */
const tails = (before: Durable["files"], after: Durable["files"]): ReadonlyArray<Durable["files"]> => {
  const name = "data/history.db-wal"
  const [was, is] = [before.get(name) ?? Buffer.alloc(0), after.get(name)]
  if (!(is instanceof Buffer) || is.equals(was)) return []
  let start = 0
  while (start < was.length && was[start] === is[start]) start++
  const torn: Array<Durable["files"]> = []
  for (let end = start + 1; end < is.length; end += CUT) {
    const old = was.subarray(end)
    const garbage = Buffer.alloc(Math.max(0, is.length - end), 0x5a)
    for (const rest of [old, garbage])
      torn.push(new Map([...before, [name, Buffer.concat([is.subarray(0, end), rest])]]))
  }
  return torn
}

describe("killed at any statement, or cut from power in any commit,", () => {
  it.scoped(
    "the database holds all that was acknowledged, and nothing by half",
    () =>
      Effect.gen(function* () {
        const root = yield* directoryWith(new Map())
        const stages: Array<{ readonly states: ReadonlyArray<Durable>; readonly facts: Facts; readonly end: Durable }> =
          []
        let [operations, points, cuts] = [0, 0, 0]
        const watch = <X, E, R>(use: Effect.Effect<X, E, R>) =>
          Effect.gen(function* () {
            const { end, exit, watched } = yield* watchDirectory(root, use, { database: true })
            const value = yield* exit
            operations += watched.operations.database
            points += watched.points
            return { value, end, states: [...watched.states.values()].map(({ state }) => state) }
          })
        const created = yield* watch(Layer.build(file(databaseIn(root))))
        const note = (made: Omit<typeof created, "value">) =>
          Effect.map(Effect.provide(factsOf, created.value), (facts) => void stages.push({ ...made, facts }))
        yield* note(created)
        for (const act of acts) yield* note(yield* watch(Effect.provide(act, created.value)))
        const last = stages.at(-1)?.facts
        const anyDevice = ({ device: _, ...rest }: Facts) => rest

        for (const [stage, { end, facts, states }] of stages.entries()) {
          const before = stages[stage - 1]
          const acknowledged = before?.facts ?? facts
          const torn = before === undefined ? [] : tails(before.end.files, end.files)
          cuts += torn.length
          for (const files of [...states.map((state) => state.files), ...torn]) {
            yield* breathe
            const found = yield* opened(files)
            // A device that is being created may be created again.
            if (stage === 0) expect(anyDevice(found)).toEqual(anyDevice(facts))
            else expect([acknowledged, facts], `in act ${stage}`).toContainEqual(found)
          }
          for (const { files } of EVERY || stage % 3 === 0 ? states : states.slice(-1)) {
            expect(anyDevice(yield* doneAgain(files)), `act ${stage}, and all again`).toEqual(anyDevice(last!))
          }
          // What was acknowledged is there, not only may be.
          expect(yield* opened(end.files)).toEqual(facts)
        }
        const states = stages.reduce((sum, each) => sum + each.states.length, 0)
        console.log(
          `${acts.length} acts: ${operations} statements, ${points} points, ${states} states, ${cuts} torn logs`
        )
      }),
    600_000
  )
})
