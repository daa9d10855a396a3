import { describe, expect, it } from "@effect/vitest"
import { Chunk, Clock, Duration, Effect, Exit, Fiber, Stream, TestClock } from "effect"
import { Create, IfMatch, type ObjectStoreService } from "../../src/store/ObjectStore.ts"
import { retrying } from "../../src/store/RetryingStore.ts"
import { StoreError, type StoreErrorReason } from "../../src/store/StoreError.ts"
import { retryPolicy } from "../../src/store/StorePolicy.ts"
import { scripted } from "./Script.ts"

const policy = (retries = 5) => retryPolicy({ retries, delay: Duration.millis(100), maxDelay: Duration.seconds(20) })
const bytes = Buffer.from("x")

/** Runs it to its end on the test clock, from one sleep to the next; how long that took there, in milliseconds. */
const timed = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    const fiber = yield* Effect.fork(Effect.exit(effect))
    while ((yield* Fiber.poll(fiber))._tag === "None") {
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      const [next] = [...(yield* TestClock.sleeps())].sort((a, b) => a - b)
      if (next !== undefined) yield* TestClock.setTime(next)
    }
    return [(yield* Clock.currentTimeMillis) - start, yield* Fiber.join(fiber)] as const
  })

const failing = (reason: StoreErrorReason, times = 100) => Array.from({ length: times }, () => reason)
const reason = (exit: Exit.Exit<unknown, StoreError>) =>
  Exit.isFailure(exit) && exit.cause._tag === "Fail" ? exit.cause.error.reason : "ok"

describe("a retried operation", () => {
  it.effect.each(["Throttled", "ServerFailure", "ConnectionLost", "TimedOut"] as const)(
    "is repeated after %s, up to HX_SYNC_MAX_RETRIES times",
    (why) =>
      Effect.gen(function* () {
        const good = scripted(failing(why, 5))
        const [, exit] = yield* timed(retrying(good.store, policy()).delete("x"))
        expect([reason(exit), good.count()]).toEqual(["ok", 6])
        const bad = scripted(failing(why))
        const [, failed] = yield* timed(retrying(bad.store, policy()).delete("x"))
        expect([reason(failed), bad.count()]).toEqual([why, 6])
        const once = scripted(failing(why))
        const [, single] = yield* timed(retrying(once.store, policy(0)).delete("x"))
        expect([reason(single), once.count()]).toEqual([why, 1])
      })
  )

  it.effect.each([
    "Absent",
    "AlreadyExists",
    "SwapLost",
    "NoCredentials",
    "AccessDenied",
    "WrongRegion",
    "NoSuchBucket",
    "Unsupported",
    "Archived",
    "Tls",
    "NotAStore",
    "TooLarge",
    "NoSpace",
    "Misconfigured"
  ] as const)("is not repeated after %s", (why) =>
    Effect.gen(function* () {
      const script = scripted(failing(why))
      const [elapsed, exit] = yield* timed(retrying(script.store, policy()).get("x", 10))
      expect([reason(exit), script.count()]).toEqual([why, 1])
      expect(elapsed).toBe(0)
    })
  )

  it.effect.each([
    ["Refused", 3],
    ["Unreachable", 3],
    ["CredentialsExpired", 2],
    ["ClockSkewed", 2]
  ] as const)("after %s is tried %d times in all", ([why, times]) =>
    Effect.gen(function* () {
      const script = scripted(failing(why))
      const [, exit] = yield* timed(retrying(script.store, policy()).get("x", 10))
      expect([reason(exit), script.count()]).toEqual([why, times])
    })
  )

  it.effect("counts each reason by itself, and all of them together", () =>
    Effect.gen(function* () {
      const script = scripted(["ClockSkewed", "Throttled", "CredentialsExpired", "Refused", "Throttled", "Throttled"])
      const [, exit] = yield* timed(retrying(script.store, policy()).get("x", 10))
      expect([reason(exit), script.count()]).toEqual(["Throttled", 6])
      const twice = scripted(["ClockSkewed", "Throttled", "ClockSkewed"])
      const [, skewed] = yield* timed(retrying(twice.store, policy()).get("x", 10))
      expect([reason(skewed), twice.count()]).toEqual(["ClockSkewed", 3])
    })
  )

  it.effect("waits twice as long each time, less up to a half, but never longer than the longest delay", () =>
    Effect.gen(function* () {
      const script = scripted(failing("Throttled"))
      const [elapsed] = yield* timed(retrying(script.store, policy(5)).get("x", 10))
      const sum = 100 + 200 + 400 + 800 + 1600
      expect(elapsed).toBeGreaterThanOrEqual(sum / 2)
      expect(elapsed).toBeLessThanOrEqual(sum)
      const patient = scripted(failing("Throttled"))
      const short = retryPolicy({ retries: 20, delay: Duration.millis(100), maxDelay: Duration.millis(500) })
      const [long] = yield* timed(retrying(patient.store, short).get("x", 10))
      expect(patient.count()).toBe(21)
      expect(long).toBeLessThanOrEqual(20 * 500)
      expect(long).toBeGreaterThanOrEqual(18 * 250)
    })
  )

  it.effect("waits as long as the store asks, unless that is too long to wait", () =>
    Effect.gen(function* () {
      const throttled = (retryAfter: number) =>
        new StoreError({ reason: "Throttled", operation: "get", subject: "x", retryAfter })
      const script = scripted([throttled(7_000)])
      const [elapsed, exit] = yield* timed(retrying(script.store, policy()).delete("x"))
      expect(reason(exit)).toBe("ok")
      expect(elapsed).toBe(7_000)
      const hours = scripted([throttled(3_600_000)])
      const [none, given] = yield* timed(retrying(hours.store, policy()).delete("x"))
      expect([reason(given), hours.count()]).toEqual(["Throttled", 1])
      expect(none).toBe(0)
    })
  )
})

describe("a retried conditional put", () => {
  const start = (script: ReturnType<typeof scripted>) =>
    Effect.gen(function* () {
      const { makeMemoryStore } = yield* Effect.promise(() => import("../../src/store/MemoryObjectStore.ts"))
      return (yield* makeMemoryStore(script.bucket).put("m", Buffer.from("old"), { condition: Create })).etag
    })
  const swap = (store: ObjectStoreService, etag: string) =>
    store.put("m", Buffer.from("new"), { condition: IfMatch(etag) })

  it.effect("that was lost on the way is repeated and succeeds", () =>
    Effect.gen(function* () {
      const script = scripted(["ConnectionLost"])
      const [, exit] = yield* timed(swap(retrying(script.store, policy()), yield* start(script)))
      expect([reason(exit), script.count()]).toEqual(["ok", 2])
    })
  )

  it.effect.each(["ConnectionLost", "TimedOut", "ServerFailure"] as const)(
    "whose answer was lost (%s) is never reported as a lost swap: the caller has to look",
    (why) =>
      Effect.gen(function* () {
        const script = scripted([`done, ${why}`])
        const [, exit] = yield* timed(swap(retrying(script.store, policy()), yield* start(script)))
        expect([reason(exit), script.count()]).toEqual([why, 2])
        const creation = scripted([`done, ${why}`])
        const [, created] = yield* timed(retrying(creation.store, policy()).put("m", bytes, { condition: Create }))
        expect([reason(created), creation.count()]).toEqual([why, 2])
      })
  )

  it.effect("stays in doubt, whatever the repetition meets", () =>
    Effect.gen(function* () {
      const script = scripted(["done, ConnectionLost", "AccessDenied"])
      const [, exit] = yield* timed(swap(retrying(script.store, policy()), yield* start(script)))
      expect(reason(exit)).toBe("ConnectionLost")
      expect(String(exit)).toContain("AccessDenied")
    })
  )

  it.effect("that was refused without any doubt is refused", () =>
    Effect.gen(function* () {
      const script = scripted(["Throttled", "Refused"])
      yield* start(script)
      const [, exit] = yield* timed(swap(retrying(script.store, policy()), "another"))
      expect([reason(exit), script.count()]).toEqual(["SwapLost", 3])
      const [, created] = yield* timed(retrying(script.store, policy()).put("m", bytes, { condition: Create }))
      expect(reason(created)).toBe("AlreadyExists")
    })
  )
})

describe("a retried list", () => {
  it.effect("goes on after a failure in its middle, and gives each object once", () =>
    Effect.gen(function* () {
      const { store, bucket } = scripted([])
      const { plant } = yield* Effect.promise(() => import("../../src/store/MemoryObjectStore.ts"))
      const given = Array.from({ length: 30 }, (_, index) => `n${String(index).padStart(2, "0")}`)
      for (const name of given) plant(bucket, name, bytes)
      let left = 4
      // Each attempt comes seven objects further than the last, and fails there.
      const breaking: ObjectStoreService = {
        ...store,
        list: (prefix) => {
          const attempt = 4 - left
          return left-- > 0
            ? Stream.concat(
                Stream.take(store.list(prefix), 7 * (attempt + 1)),
                Stream.fail(new StoreError({ reason: "ConnectionLost", operation: "list", subject: "" }))
              )
            : store.list(prefix)
        }
      }
      const [, exit] = yield* timed(Stream.runCollect(retrying(breaking, policy(1)).list("n")))
      expect(Exit.isSuccess(exit) ? Chunk.toReadonlyArray(exit.value).map(({ name }) => name) : exit).toEqual(given)
    })
  )

  it.effect("that makes no progress fails after HX_SYNC_MAX_RETRIES", () =>
    Effect.gen(function* () {
      const script = scripted(failing("ServerFailure"))
      const [, exit] = yield* timed(Stream.runCollect(retrying(script.store, policy(3)).list("")))
      expect([reason(exit), script.count()]).toEqual(["ServerFailure", 4])
    })
  )
})
