import { describe, expect, it } from "@effect/vitest"
import { Effect, FastCheck, Option } from "effect"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { A, B, live, memory, T0 } from "./Samples.ts"

const add = (index: number) => ({ kind: "add", entry: live(`command ${index}`, T0 + index) }) as const

describe("applied ranges", () => {
  it.effect.prop(
    "are the set of applied numbers, disjoint, ascending, none touching the next",
    [
      FastCheck.array(FastCheck.tuple(FastCheck.integer({ min: 1, max: 60 }), FastCheck.integer({ min: 1, max: 12 })), {
        maxLength: 15
      })
    ],
    ([parts]) =>
      Effect.gen(function* () {
        const { peers } = yield* HistoryDb
        const numbers = new Set<number>()
        for (const [first, length] of parts) {
          yield* peers.apply(
            A,
            first,
            Array.from({ length }, (_, index) => add(first + index))
          )
          for (let number = first; number < first + length; number++) numbers.add(number)
        }
        const ranges = yield* peers.ranges(A)
        const covered = ranges.flatMap(({ first, last }) =>
          Array.from({ length: last - first + 1 }, (_, index) => first + index)
        )
        expect(covered).toEqual(Array.from(numbers).sort((a, b) => a - b))
        ranges.slice(1).forEach(({ first }, index) => expect(first).toBeGreaterThan(ranges[index]!.last + 1))
        expect(yield* peers.ranges(B)).toEqual([])
      }).pipe(Effect.provide(memory)),
    { fastCheck: { numRuns: 30 } }
  )
})

describe("state", () => {
  it.effect("is kept per log and goes with the cursor at a restart, while the history stays", () =>
    Effect.gen(function* () {
      const { history, peers } = yield* HistoryDb
      yield* peers.put(A, "{}")
      yield* peers.put(A, `{"etag":"x"}`)
      yield* peers.put(B, "{}")
      yield* peers.apply(A, 1, [add(1)])
      yield* peers.apply(B, 1, [add(2)])
      expect(yield* peers.all).toEqual([
        { log: A, state: `{"etag":"x"}` },
        { log: B, state: "{}" }
      ])
      yield* peers.restart(A)
      expect(yield* peers.get(A)).toEqual(Option.none())
      expect(yield* peers.ranges(A)).toEqual([])
      expect(yield* peers.get(B)).toEqual(Option.some("{}"))
      yield* peers.restartAll
      expect(yield* peers.all).toEqual([])
      expect(yield* peers.ranges(B)).toEqual([])
      expect(yield* history.find({ words: [], limit: 9 })).toHaveLength(2)
      expect(yield* peers.apply(A, 1, [add(1)])).toMatchObject({ added: 0, known: 1 })
    }).pipe(Effect.provide(memory))
  )
})
