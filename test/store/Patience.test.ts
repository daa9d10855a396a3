/** How long and how often, to the millisecond: HX_SYNC_TIMEOUT, _MAX_RETRIES, _RETRY_DELAY and _MAX_RETRY_DELAY on a clock of the test. */

import { describe, expect, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Layer, Option, TestClock } from "effect"
import { Settings } from "../../src/platform/Settings.ts"
import { AssumedCapabilities, type ObjectStoreService } from "../../src/store/ObjectStore.ts"
import { RequestLog } from "../../src/store/RequestLog.ts"
import { StoreError, type StoreErrorReason } from "../../src/store/StoreError.ts"
import { storePolicy } from "../../src/store/StorePolicy.ts"
import { Stores } from "../../src/store/Stores.ts"
import { folderLocation } from "../../src/store/StoreUrl.ts"

type Variables = Readonly<Record<string, string>>

/** A store under the policies that these variables describe, over one whose `get` is given. */
const storeUnder = (variables: Variables, get: ObjectStoreService["get"]) =>
  Effect.gen(function* () {
    const policy = yield* Effect.provide(storePolicy, Settings.layerTest(variables))
    const layer = Stores.layerMemory({ policy, wrap: (inner) => ({ ...inner, get }) })
    const stores = yield* Effect.provide(Stores, Layer.provide(layer, RequestLog.layer))
    return yield* stores.open(folderLocation("/store"), Option.none(), AssumedCapabilities)
  })

/** When each attempt was made, in milliseconds since the first, of a request that keeps failing. */
const attempts = (variables: Variables, reason: StoreErrorReason = "Throttled", retryAfter?: number) =>
  Effect.gen(function* () {
    const times: Array<number> = []
    const store = yield* storeUnder(variables, (name) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        times.push(now)
        const after = retryAfter === undefined ? {} : { retryAfter }
        return new StoreError({ reason, operation: "get", subject: name, ...after })
      })
    )
    const reading = yield* Effect.fork(Effect.exit(store.get("x", 1)))
    yield* TestClock.adjust("1 day")
    expect(Exit.isFailure(yield* Fiber.join(reading))).toBe(true)
    return times.map((time) => time - (times[0] ?? 0))
  })

const gaps = (times: ReadonlyArray<number>) => times.slice(1).map((time, index) => time - (times[index] ?? 0))

/** Each wait is what is named here, less up to a half. */
const expectWaits = (found: ReadonlyArray<number>, named: ReadonlyArray<number>) => {
  expect(found).toHaveLength(named.length)
  for (const [index, most] of named.entries()) {
    expect(found[index]).toBeLessThanOrEqual(most)
    // Waits are whole milliseconds.
    expect(found[index]).toBeGreaterThanOrEqual(Math.floor(most / 2))
  }
}

describe("a request that keeps failing in passing", () => {
  const counts: ReadonlyArray<readonly [variables: Variables, attempts: number]> = [
    [{}, 6],
    [{ HX_SYNC_MAX_RETRIES: "0" }, 1],
    [{ HX_SYNC_MAX_RETRIES: "1" }, 2],
    [{ HX_SYNC_MAX_RETRIES: "20" }, 21]
  ]
  it.scoped.each(counts)("with %j is made %d times", ([variables, count]) =>
    Effect.gen(function* () {
      expect(yield* attempts(variables)).toHaveLength(count)
    })
  )

  it.scoped("is made again after HX_SYNC_RETRY_DELAY, which doubles up to HX_SYNC_MAX_RETRY_DELAY", () =>
    Effect.gen(function* () {
      expectWaits(gaps(yield* attempts({})), [100, 200, 400, 800, 1_600])
      const slow = { HX_SYNC_RETRY_DELAY: "1s", HX_SYNC_MAX_RETRY_DELAY: "1h" }
      expectWaits(gaps(yield* attempts(slow)), [1_000, 2_000, 4_000, 8_000, 16_000])
      const bounded = { HX_SYNC_RETRY_DELAY: "1s", HX_SYNC_MAX_RETRY_DELAY: "3s" }
      expectWaits(gaps(yield* attempts(bounded)), [1_000, 2_000, 3_000, 3_000, 3_000])
      const below = { HX_SYNC_RETRY_DELAY: "10m", HX_SYNC_MAX_RETRY_DELAY: "20ms", HX_SYNC_MAX_RETRIES: "2" }
      expectWaits(gaps(yield* attempts(below)), [20, 20])
    })
  )

  it.scoped("is made again when the store says, also beyond HX_SYNC_MAX_RETRY_DELAY", () =>
    Effect.gen(function* () {
      const variables = { HX_SYNC_MAX_RETRIES: "2", HX_SYNC_MAX_RETRY_DELAY: "1s" }
      expect(gaps(yield* attempts(variables, "Throttled", 30_000))).toEqual([30_000, 30_000])
    })
  )

  it.scoped("is made once, whatever is set, where another would end the same", () =>
    Effect.gen(function* () {
      for (const reason of ["AccessDenied", "NoSuchBucket", "Tls"] as const)
        expect(yield* attempts({ HX_SYNC_MAX_RETRIES: "20" }, reason)).toEqual([0])
    })
  )
})

describe("a request that does not end", () => {
  /** Milliseconds until it is given up. */
  const patience = (variables: Variables, bytes: number) =>
    Effect.gen(function* () {
      const store = yield* storeUnder({ HX_SYNC_MAX_RETRIES: "0", ...variables }, () => Effect.never)
      const reading = yield* Effect.fork(Effect.zipRight(Effect.flip(store.get("x", bytes)), Clock.currentTimeMillis))
      const began = yield* Clock.currentTimeMillis
      yield* TestClock.adjust("1 day")
      return (yield* Fiber.join(reading)) - began
    })

  it.scoped("is given up after four times HX_SYNC_TIMEOUT, and a second for each 4 KiB that it may carry", () =>
    Effect.gen(function* () {
      expect(yield* patience({}, 0)).toBe(120_000)
      expect(yield* patience({ HX_SYNC_TIMEOUT: "500ms" }, 0)).toBe(2_000)
      expect(yield* patience({ HX_SYNC_TIMEOUT: "500ms" }, 40 * 1024)).toBe(12_000)
      expect(yield* patience({ HX_SYNC_TIMEOUT: "1m30s" }, 40 * 1024)).toBe(370_000)
    })
  )
})
