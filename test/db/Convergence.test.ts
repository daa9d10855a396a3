/** The history is a function of the set of operations: sync.md §7, promises 2, 3, 4 and 8. */

import { describe, expect, it } from "@effect/vitest"
import { Effect, FastCheck, Layer } from "effect"
import { HistoryDb, type HistoryDbService } from "../../src/db/HistoryDb.ts"
import type { DeviceId } from "../../src/domain/Device.ts"
import type { Operation } from "../../src/domain/Operation.ts"
import { Entropy } from "../../src/platform/Entropy.ts"
import { DEVICES, entry, operations, rule } from "./Generated.ts"
import { visible } from "./Model.ts"

const runs = (usual: number) => ({
  fastCheck: { numRuns: Number(process.env["HX_TEST_RUNS"] ?? usual) },
  timeout: 600_000
})

/** The visible history, by id, as a model gives it. */
const seen = (db: HistoryDbService) =>
  Effect.map(db.history.find({ words: [], limit: Infinity }), (entries) =>
    entries.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  )

const withDatabase = <A, E>(use: (db: HistoryDbService) => Effect.Effect<A, E>, seed = "x") =>
  Effect.flatMap(HistoryDb, use).pipe(Effect.provide(Layer.provide(HistoryDb.layerMemory, Entropy.layerSeeded(seed))))

/** The operations in another order, some of them twice, cut into batches. */
const arrivals = operations.chain((operations) =>
  FastCheck.tuple(
    FastCheck.constant(operations),
    FastCheck.array(
      FastCheck.tuple(
        FastCheck.shuffledSubarray(operations, { minLength: operations.length }),
        FastCheck.subarray(operations),
        FastCheck.array(FastCheck.integer({ min: 1, max: 15 }), { maxLength: 6 })
      ),
      { minLength: 2, maxLength: 3 }
    )
  )
)

const batched = (operations: ReadonlyArray<Operation>, sizes: ReadonlyArray<number>) => {
  const batches: Array<ReadonlyArray<Operation>> = []
  let from = 0
  for (const size of sizes) {
    batches.push(operations.slice(from, from + size))
    from += size
  }
  return [...batches, operations.slice(from)]
}

describe("operations of peers", () => {
  it.effect.prop(
    "give the same history in any order, repeated, and cut into any batches",
    [arrivals],
    ([[operations, deliveries]]) =>
      Effect.gen(function* () {
        const expected = visible(operations)
        for (const [order, again, sizes] of deliveries) {
          const found = yield* withDatabase((db) =>
            Effect.gen(function* () {
              let first = 1
              for (const batch of batched([...order, ...again], sizes)) {
                yield* db.peers.apply(DEVICES[first % 3]!, first, batch)
                first += batch.length
              }
              return yield* seen(db)
            })
          )
          expect(found).toEqual(expected)
        }
      }),
    runs(40)
  )
})

type Step =
  | {
      readonly kind: "record"
      readonly at: number
      readonly entries: ReadonlyArray<Parameters<HistoryDbService["log"]["record"]>[0][number]>
    }
  | {
      readonly kind: "finish"
      readonly at: number
      readonly of: Parameters<HistoryDbService["log"]["record"]>[0][number]
      readonly exit: number
    }
  | { readonly kind: "forget"; readonly at: number; readonly rule: Parameters<HistoryDbService["log"]["forget"]>[0] }
  | { readonly kind: "pull"; readonly at: number; readonly from: number }
  | { readonly kind: "adopt"; readonly at: number }

const at = FastCheck.integer({ min: 0, max: 2 })

const record = FastCheck.record({
  kind: FastCheck.constant("record" as const),
  at,
  entries: FastCheck.array(entry, { minLength: 1, maxLength: 3 })
})
const finish = FastCheck.record({
  kind: FastCheck.constant("finish" as const),
  at,
  of: entry,
  exit: FastCheck.integer({ min: 0, max: 1 })
})
const forget = FastCheck.record({ kind: FastCheck.constant("forget" as const), at, rule })
const pulling = FastCheck.record({ kind: FastCheck.constant("pull" as const), at, from: at })
const adopt = FastCheck.record({ kind: FastCheck.constant("adopt" as const), at })

const steps: FastCheck.Arbitrary<ReadonlyArray<Step>> = FastCheck.tuple(
  FastCheck.array(record, { minLength: 3, maxLength: 10 }),
  FastCheck.array(pulling, { maxLength: 10 }),
  FastCheck.array(finish, { maxLength: 3 }),
  FastCheck.array(forget, { maxLength: 2 }),
  FastCheck.array(adopt, { maxLength: 1 })
).chain((parts) => FastCheck.shuffledSubarray<Step>(parts.flat(), { minLength: parts.flat().length }))

const pull = Effect.fnUntraced(function* (to: HistoryDbService, from: HistoryDbService) {
  if (to === from) return
  const log = yield* from.device.id
  yield* to.peers.apply(log, 1, yield* from.log.read(1, 1000))
})

describe("devices that record, forget and read each other's logs", () => {
  it.effect.prop(
    "see the same history once each has read the others, whatever came when",
    [steps],
    ([steps]) =>
      withDatabase((a) =>
        withDatabase(
          (b) =>
            withDatabase(
              (c) =>
                Effect.gen(function* () {
                  const devices = [a, b, c]
                  const names = yield* Effect.forEach(devices, (db) => db.device.id)
                  for (const step of steps) {
                    const db = devices[step.at]!
                    const device = names[step.at]!
                    if (step.kind === "record") yield* db.log.record(step.entries.map((each) => ({ ...each, device })))
                    if (step.kind === "finish") yield* db.log.finish(step.of.id, step.exit, null)
                    if (step.kind === "forget") yield* db.log.forget(among(step.rule, names))
                    if (step.kind === "pull") yield* pull(db, devices[step.from]!)
                    if (step.kind === "adopt") yield* db.log.adoptForeign
                  }
                  // Twice: what one learns from another may take something out of its own log, and the others hear of that.
                  for (let round = 0; round < 3; round++) {
                    for (const to of devices) for (const from of devices) yield* pull(to, from)
                  }
                  const [first, ...others] = yield* Effect.forEach(devices, seen)
                  for (const other of others) expect(other).toEqual(first)
                  // And a device that comes later sees it too.
                  const late = yield* withDatabase(
                    (db) =>
                      Effect.zipRight(
                        Effect.forEach(devices, (from) => pull(db, from)),
                        seen(db)
                      ),
                    "late"
                  )
                  expect(late).toEqual(first)
                }),
              "c"
            ),
          "b"
        )
      ),
    runs(15)
  )
})

/** Rules of the generator name its own devices: here they are those of the test. */
const among = (rule: Parameters<HistoryDbService["log"]["forget"]>[0], names: ReadonlyArray<DeviceId>) => ({
  ...rule,
  windows: rule.windows.map((window) => ({
    ...window,
    device: window.device === null ? null : names[DEVICES.indexOf(window.device)]!
  }))
})
