import { describe, expect, it } from "@effect/vitest"
import { Chunk, Duration, Effect, Exit, Fiber, Layer, Option, Stream, TestClock } from "effect"
import { Settings } from "../../src/platform/Settings.ts"
import { withDeadlines } from "../../src/store/DeadlineStore.ts"
import { limited } from "../../src/store/LimitedStore.ts"
import { makeMemoryBucket, makeMemoryStore } from "../../src/store/MemoryObjectStore.ts"
import { Always, AssumedCapabilities, Create, type ObjectStoreService } from "../../src/store/ObjectStore.ts"
import { makeRequestLog, recorded, RequestLog } from "../../src/store/RequestLog.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { deadlineFor, storePolicy } from "../../src/store/StorePolicy.ts"
import { type MemoryRegistry, Stores } from "../../src/store/Stores.ts"
import { folderLocation, type StoreLocation } from "../../src/store/StoreUrl.ts"
import { temporaryDirectory } from "../platform/TemporaryDirectory.ts"
import { scripted } from "./Script.ts"

const bytes = Buffer.from("some bytes")
const silent: ObjectStoreService = {
  ...makeMemoryStore(makeMemoryBucket()),
  list: () => Stream.never,
  get: () => Effect.never,
  put: () => Effect.never,
  delete: () => Effect.never
}

describe("the deadline", () => {
  const timeout = Duration.seconds(30)

  it.effect("ends what would never end, and what is larger later", () =>
    Effect.gen(function* () {
      const store = withDeadlines(silent, timeout)
      const reading = yield* Effect.fork(Effect.flip(store.get("x", 0)))
      const writing = yield* Effect.fork(Effect.flip(store.put("x", Buffer.alloc(4096 * 1000), { condition: Always })))
      yield* TestClock.adjust("119 seconds")
      expect(yield* Fiber.poll(reading)).toEqual(Option.none())
      yield* TestClock.adjust("2 seconds")
      expect((yield* Fiber.join(reading)).reason).toBe("TimedOut")
      yield* TestClock.adjust("990 seconds")
      expect(yield* Fiber.poll(writing)).toEqual(Option.none())
      yield* TestClock.adjust("10 seconds")
      expect((yield* Fiber.join(writing)).reason).toBe("TimedOut")
    })
  )

  it.effect("of a list begins anew with every page", () =>
    Effect.gen(function* () {
      const info = { name: "x", etag: "e", size: 1 }
      const slow = Stream.repeatEffect(Effect.as(Effect.sleep("100 seconds"), info)).pipe(Stream.take(5))
      const store = withDeadlines({ ...silent, list: (prefix) => (prefix === "never" ? Stream.never : slow) }, timeout)
      const listing = yield* Effect.fork(Stream.runCount(store.list("")))
      const waiting = yield* Effect.fork(Effect.flip(Stream.runCount(store.list("never"))))
      yield* TestClock.adjust("10 minutes")
      expect(yield* Fiber.join(listing)).toBe(5)
      expect((yield* Fiber.join(waiting)).reason).toBe("TimedOut")
    })
  )

  it("leaves slow links the time they need: 8 MiB at 4 KiB/s", () => {
    expect(Duration.toMinutes(deadlineFor(timeout, 8 * 1024 * 1024))).toBeGreaterThan(34)
  })
})

describe("the limits", () => {
  it.effect("let no more objects up or down at once than set", () =>
    Effect.gen(function* () {
      let now = 0
      let most = 0
      const slow = <A, E>(effect: Effect.Effect<A, E>) =>
        Effect.acquireUseRelease(
          Effect.sync(() => {
            most = Math.max(most, ++now)
          }),
          () => Effect.zipRight(Effect.sleep("1 second"), effect),
          () => Effect.sync(() => now--)
        )
      const inner = makeMemoryStore(makeMemoryBucket())
      const store = yield* limited(
        { ...inner, put: (...args) => slow(inner.put(...args)), get: (...args) => slow(inner.get(...args)) },
        { uploads: 3, downloads: 8 }
      )
      const names = Array.from({ length: 24 }, (_, index) => `n${index}`)
      const all = <A, E>(each: (name: string) => Effect.Effect<A, E>) =>
        Effect.gen(function* () {
          most = 0
          const fiber = yield* Effect.fork(Effect.forEach(names, each, { concurrency: "unbounded" }))
          yield* TestClock.adjust("30 seconds")
          yield* Fiber.join(fiber)
          return most
        })
      expect(yield* all((name) => store.put(name, bytes, { condition: Always }))).toBe(3)
      expect(yield* all((name) => store.get(name, 100))).toBe(8)
    })
  )
})

describe("the request log", () => {
  it.effect("has every operation with its bytes, time and outcome", () =>
    Effect.gen(function* () {
      const log = makeRequestLog()
      const { store } = scripted([])
      const slow = { ...store, get: (name: string, max: number) => Effect.delay(store.get(name, max), "40 millis") }
      const seen = recorded(slow, log)
      yield* seen.put("x", bytes, { condition: Create })
      yield* Effect.flip(seen.put("x", bytes, { condition: Create }))
      const reading = yield* Effect.fork(seen.get("x", 100))
      yield* TestClock.adjust("40 millis")
      yield* Fiber.join(reading)
      yield* Stream.runDrain(seen.list("p/"))
      yield* seen.delete("x")
      const interrupted = yield* Effect.fork(seen.get("x", 100))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(interrupted)
      expect(yield* log.records).toEqual([
        { operation: "put", name: "x", sent: 10, received: 0, millis: 0, outcome: "ok" },
        { operation: "put", name: "x", sent: 10, received: 0, millis: 0, outcome: "AlreadyExists" },
        { operation: "get", name: "x", sent: 0, received: 10, millis: 40, outcome: "ok" },
        { operation: "list", name: "p/", sent: 0, received: 0, millis: 0, outcome: "ok" },
        { operation: "delete", name: "x", sent: 0, received: 0, millis: 0, outcome: "ok" },
        { operation: "get", name: "x", sent: 0, received: 0, millis: 0, outcome: "interrupted" }
      ])
      yield* log.clear
      expect(yield* log.records).toEqual([])
    })
  )
})

const location: StoreLocation = folderLocation("/shared")

describe("opening stores", () => {
  it.scoped("in memory gives several devices the same bucket, and faults can be put in between", () =>
    Effect.gen(function* () {
      const registry: MemoryRegistry = new Map()
      const device = (failing: boolean) =>
        Effect.gen(function* () {
          const store = yield* (yield* Stores).open(location, Option.none(), AssumedCapabilities)
          const records = (yield* RequestLog).records
          return { store, records }
        }).pipe(
          Effect.provide(
            Stores.layerMemory({
              registry,
              wrap: (store) =>
                failing
                  ? { ...store, get: (name) => new StoreError({ reason: "Refused", operation: "get", subject: name }) }
                  : store
            }).pipe(Layer.provideMerge(RequestLog.layer))
          )
        )
      const a = yield* device(false)
      const b = yield* device(true)
      yield* a.store.put("x", bytes, { condition: Create })
      expect(Chunk.size(yield* Stream.runCollect(b.store.list("")))).toBe(1)
      expect((yield* Effect.flip(b.store.get("x", 100))).reason).toBe("Refused")
      expect((yield* b.records).map(({ operation, outcome }) => [operation, outcome])).toEqual([
        ["list", "ok"],
        ["get", "Refused"]
      ])
      expect((yield* a.records).length).toBe(1)
    })
  )

  it.scoped("in memory can be under the real policies: attempts are counted, and waits are on the clock", () =>
    Effect.gen(function* () {
      const script = scripted(["Throttled", "Throttled"])
      const policy = yield* Effect.provide(storePolicy, Settings.layerTest({ HX_SYNC_MAX_RETRIES: "2" }))
      const layer = Stores.layerMemory({ policy, wrap: () => script.store }).pipe(Layer.provideMerge(RequestLog.layer))
      const [exit, records] = yield* Effect.gen(function* () {
        const store = yield* (yield* Stores).open(location, Option.none(), AssumedCapabilities)
        const writing = yield* Effect.fork(Effect.exit(store.put("x", bytes, { condition: Always })))
        yield* TestClock.adjust("1 minute")
        return [yield* Fiber.join(writing), yield* (yield* RequestLog).records] as const
      }).pipe(Effect.provide(layer))
      expect(Exit.isSuccess(exit)).toBe(true)
      expect(records.map(({ outcome }) => outcome)).toEqual(["Throttled", "Throttled", "ok"])
    })
  )

  it.scopedLive("in a folder records requests and loads nothing of S3", () =>
    Effect.gen(function* () {
      const root = yield* temporaryDirectory
      const layer = Stores.layer.pipe(Layer.provide(Settings.layerTest()), Layer.provideMerge(RequestLog.layer))
      const records = yield* Effect.gen(function* () {
        const stores = yield* Stores
        const here = folderLocation(root)
        expect(yield* stores.settle(here, Option.none())).toEqual(here)
        const store = yield* stores.open(here, Option.none(), AssumedCapabilities)
        yield* store.put("x", bytes, { condition: Create })
        return yield* (yield* RequestLog).records
      }).pipe(Effect.provide(layer))
      expect(records.length).toBe(1)
    })
  )

  it.effect("refuses bad settings with the variable's name", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.provide(storePolicy, Settings.layerTest({ HX_SYNC_TIMEOUT: "soon" })))
      expect(error).toMatchObject({ _tag: "SettingError", setting: "HX_SYNC_TIMEOUT", value: "soon" })
    })
  )
})
