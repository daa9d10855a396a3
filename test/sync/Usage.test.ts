import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, TestClock } from "effect"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { Entropy } from "../../src/platform/Entropy.ts"
import { makeRequestLog, RequestLog, type RequestRecord } from "../../src/store/RequestLog.ts"
import { reset } from "../../src/sync/Reset.ts"
import { type MonthUse, putUsage, usageOrNone } from "../../src/sync/SyncState.ts"
import { added, layer, totalUse, usageOf } from "../../src/sync/Usage.ts"
import { initDevice, makeDevice, makeWorld, push, record as remember, live, requestsOf } from "./World.ts"

const request = (fields: Partial<RequestRecord> = {}): RequestRecord => ({
  operation: "put",
  name: "segments/x",
  sent: 10,
  received: 0,
  millis: 1,
  outcome: "ok",
  store: "s3://here",
  ...fields
})

const HERE: MonthUse = { store: "s3://here", month: "2026-11", operations: [], unreached: 0 }

describe("requests of a month", () => {
  it("are summed up by store and kind; what was waited for is no failure, and what nobody heard of is no request", () => {
    const counted = added(
      [],
      [
        request(),
        request({ outcome: "SwapLost" }),
        request({ outcome: "ServerFailure" }),
        request({ outcome: "interrupted" }),
        request({ operation: "get", sent: 0, received: 7 }),
        request({ outcome: "Refused" }),
        request({ outcome: "Tls" }),
        request({ store: "s3://elsewhere" })
      ],
      "2026-11",
      "unused"
    )
    expect(counted).toEqual([
      {
        ...HERE,
        operations: [
          { operation: "get", requests: 1, failed: 0, sent: 0, received: 7 },
          { operation: "put", requests: 4, failed: 2, sent: 40, received: 0 }
        ],
        unreached: 2
      },
      expect.objectContaining({ store: "s3://elsewhere" })
    ])
    expect(counted.map(totalUse)).toEqual([
      { requests: 5, failed: 2, sent: 40, received: 7 },
      { requests: 1, failed: 0, sent: 10, received: 0 }
    ])
  })

  it("are added to what is known of the same month, and kept for twelve months", () => {
    const month = (name: string): MonthUse => ({ ...HERE, month: name, unreached: 1 })
    const known = ["2025-10", "2025-11", "2025-12", "2026-10"].map(month)
    const counted = added(added(known, [request()], "2026-11", ""), [request()], "2026-11", "")
    expect(counted.map((each) => each.month)).toEqual(["2025-12", "2026-10", "2026-11"])
    expect(totalUse(counted.at(-1)!)).toMatchObject({ requests: 2, sent: 20 })
  })

  it("are those of the store in use where a request does not say", () => {
    const { store: _, ...nowhere } = request()
    expect(added([], [nowhere], "2026-11", "s3://bound")).toMatchObject([{ store: "s3://bound" }])
  })
})

/** A run of the program: its own request log over the same database. */
const run = <A, E>(
  db: Layer.Layer<HistoryDb>,
  work: (log: ReturnType<typeof makeRequestLog>) => Effect.Effect<A, E>
) => {
  const log = makeRequestLog()
  const surroundings = Layer.provideMerge(layer, Layer.merge(db, Layer.succeed(RequestLog, log)))
  return Effect.provide(work(log), surroundings)
}

/** The same database for every run, with the number of its transactions. */
const database = Effect.gen(function* () {
  const inner = yield* HistoryDb
  const writes = { count: 0 }
  const counting: HistoryDb["Type"] = {
    ...inner,
    transaction: (effect) => Effect.suspend(() => (writes.count++, inner.transaction(effect)))
  }
  return { db: Layer.succeed(HistoryDb, counting), writes }
})

const memory = Layer.provide(HistoryDb.layerMemory, Entropy.layerSeeded("usage"))

describe("what a command asked", () => {
  it.effect("is counted when it ends, well or not, in one transaction; without a request nothing is written", () =>
    Effect.gen(function* () {
      const { db, writes } = yield* database
      yield* run(db, () => Effect.void)
      expect(writes.count).toBe(0)
      yield* run(db, (log) => Effect.sync(() => log.record(request())))
      expect(writes.count).toBe(1)
      yield* Effect.exit(
        run(db, (log) =>
          Effect.zipRight(
            Effect.sync(() => log.of("s3://here").record(request())),
            Effect.fail("no")
          )
        )
      )
      yield* Effect.exit(
        run(db, (log) =>
          Effect.zipRight(
            Effect.sync(() => log.record(request())),
            Effect.interrupt
          )
        )
      )
      expect(writes.count).toBe(3)
      expect((yield* usageOrNone).map(totalUse)).toMatchObject([{ requests: 3, sent: 30 }])
    }).pipe(Effect.provide(memory))
  )

  it.effect("is told while it runs, beside earlier months, and counted once", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 10, 22))
      const { db } = yield* database
      yield* putUsage([{ ...HERE, month: "2026-09", unreached: 3 }])
      const told = yield* run(db, (log) => {
        log.record(request())
        return Effect.provide(usageOf("s3://here"), Layer.merge(db, Layer.succeed(RequestLog, log)))
      })
      expect(told.map(({ month }) => month)).toEqual(["2026-11", "2026-09"])
      expect(totalUse(told[0]).requests).toBe(1)
      const later = yield* run(db, (log) =>
        Effect.provide(usageOf("s3://here"), Layer.merge(db, Layer.succeed(RequestLog, log)))
      )
      expect(totalUse(later[0]).requests).toBe(1)
      expect((yield* usageOrNone)[0]).toMatchObject({ month: "2026-09", unreached: 3 })
    }).pipe(Effect.provide(memory))
  )

  it.scoped("outlives a reset: it is money spent; and is as many requests as the log has", () =>
    Effect.gen(function* () {
      const a = yield* makeDevice(makeWorld(), "a")
      const made = yield* requestsOf(
        a,
        Effect.gen(function* () {
          yield* initDevice(a)
          yield* remember(a, yield* live(a, "one", 1))
          yield* push(a)
        })
      )
      yield* a.as(Effect.provide(Effect.void, layer))
      yield* a.as(Effect.flatMap(RequestLog, (log) => log.clear))
      yield* a.as(reset({ forgetKey: false }))
      const [month] = yield* a.as(usageOf("/store"))
      expect(totalUse(month).requests).toBe(made.length)
      expect(Object.fromEntries(month.operations.map((use) => [use.operation, use.requests]))).toEqual(
        Object.fromEntries([...new Set(made)].map((each) => [each, made.filter((one) => one === each).length]))
      )
    })
  )
})
