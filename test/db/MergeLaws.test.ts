/**
 * The laws of the history as a set of operations, sync.md §1: union in any order, twice or in pieces; a rule wins whenever it comes; what is shadowed
 * is a function of the set. On the rules as the model states them with many cases (HX_TEST_CASES), on SQLite with a two hundredth of them.
 */

import { describe, expect, it } from "@effect/vitest"
import { Effect, FastCheck, Layer } from "effect"
import { HistoryDb, type HistoryDbService } from "../../src/db/HistoryDb.ts"
import { isLive } from "../../src/domain/Entry.ts"
import type { Operation } from "../../src/domain/Operation.ts"
import { Entropy } from "../../src/platform/Entropy.ts"
import { DEVICES, operations } from "./Generated.ts"
import { visible } from "./Model.ts"

const CASES = Math.min(100_000, Number(process.env["HX_TEST_CASES"] ?? 2_000))
const TIMEOUT = 3_600_000

/** Two sets of operations, and all of them in another order, some twice. */
const sets = FastCheck.tuple(operations, operations).chain(([one, two]) =>
  FastCheck.record({
    one: FastCheck.constant(one),
    two: FastCheck.constant(two),
    shuffled: FastCheck.shuffledSubarray([...one, ...two], { minLength: one.length + two.length }),
    again: FastCheck.subarray([...one, ...two])
  })
)

const isForgotten = (all: ReadonlyArray<Operation>) => {
  const ids = new Set(all.flatMap((each) => (each.kind === "forget" ? each.rule.ids : [])))
  const purged = new Set(all.flatMap((each) => (each.kind === "purged" ? [each.identity] : [])))
  return (id: string) => ids.has(id as never) || purged.has(id)
}

describe("the history as its rules are stated", () => {
  it(
    "is the same in any order and however often, never shows what a rule names, and shadows by the set alone",
    { timeout: TIMEOUT },
    async () => {
      let rounds = 0
      await FastCheck.assert(
        FastCheck.asyncProperty(sets, async ({ again, one, shuffled, two }) => {
          if (rounds++ % 256 === 0) await new Promise((resolve) => setImmediate(resolve))
          const all = [...one, ...two]
          const expected = visible(all)
          expect(visible([...shuffled, ...again])).toEqual(expected)
          const forgotten = isForgotten(all)
          // Whatever comes after a rule, or came before: nothing that either set forgets is in the union.
          expect(expected.filter(({ id }) => forgotten(id))).toEqual([])
          // Other entries never hide a live one.
          const ids = new Set(one.flatMap((each) => (each.kind === "add" ? [each.entry.id] : [])))
          const others = two.filter((each) => each.kind === "add" && !ids.has(each.entry.id))
          const shown = new Set(visible([...one, ...others]).map(({ id }) => id))
          expect(visible(one).filter((entry) => isLive(entry) && !shown.has(entry.id))).toEqual([])
        }),
        { numRuns: CASES }
      )
    }
  )
})

const withDatabase = <A, E>(use: (db: HistoryDbService) => Effect.Effect<A, E>) =>
  Effect.flatMap(HistoryDb, use).pipe(Effect.provide(Layer.provide(HistoryDb.layerMemory, Entropy.layerSeeded("laws"))))

/** The history that comes of these, delivered from several logs in pieces; afterwards the database is as it was. */
const delivered = (db: HistoryDbService, all: ReadonlyArray<Operation>, pieces: number) =>
  db.rehearse(
    Effect.gen(function* () {
      const size = Math.max(1, Math.ceil(all.length / pieces))
      for (let from = 0; from < all.length; from += size) {
        yield* db.peers.apply(DEVICES[(from / size) % 3]!, 1 + from, all.slice(from, from + size))
      }
      const found = yield* db.history.find({ words: [], limit: Infinity })
      return found.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    })
  )

interface Given {
  readonly one: ReadonlyArray<Operation>
  readonly two: ReadonlyArray<Operation>
  readonly shuffled: ReadonlyArray<Operation>
  readonly again: ReadonlyArray<Operation>
}

const agrees = Effect.fnUntraced(function* (
  db: HistoryDbService,
  { again, one, shuffled, two }: Given,
  pieces: number
) {
  const expected = visible([...one, ...two])
  expect(yield* delivered(db, [...one, ...two], pieces)).toEqual(expected)
  expect(yield* delivered(db, [...shuffled, ...again], 7 - pieces)).toEqual(expected)
})

describe("the history in SQLite", () => {
  it.effect(
    "is what the model says, in any order, however often and in whatever pieces",
    () =>
      withDatabase((db) =>
        Effect.promise(() =>
          FastCheck.assert(
            FastCheck.asyncProperty(
              sets,
              FastCheck.integer({ min: 1, max: 6 }),
              (given, pieces) => Effect.runPromise(agrees(db, given, pieces)) // the edge: fast-check wants a promise
            ),
            { numRuns: Math.ceil(CASES / 200) }
          )
        )
      ),
    { timeout: TIMEOUT }
  )
})
