import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Either, Fiber, Option, Stream, TestClock } from "effect"
import { StoreError } from "../../src/store/StoreError.ts"
import { manifestName } from "../../src/sync/ObjectNames.ts"
import { heldBytes, status } from "../../src/sync/Status.ts"
import { activityOrNone } from "../../src/sync/SyncState.ts"
import { joinAll, live, makeDevice, makeWorld, pull, push, record, requestsOf, type TestDevice } from "./World.ts"

const looking = (device: TestDevice, holdings = false) => device.as(status({ ask: true, holdings }))

const recordSome = (device: TestDevice, ...counters: ReadonlyArray<number>) =>
  Effect.forEach(counters, (counter) =>
    Effect.flatMap(live(device, `command ${counter}`, counter), (entry) => record(device, entry))
  )

const refused = new StoreError({ reason: "Refused", operation: "list", subject: "the store" })

describe("status", () => {
  it.scoped("tells of each device how far behind it we are, and which ones were never pulled", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const [a, b, c] = [yield* makeDevice(world, "a"), yield* makeDevice(world, "b"), yield* makeDevice(world, "c")]
      yield* joinAll(a, b, c)
      yield* recordSome(a, 1, 2)
      yield* recordSome(c, 1)
      yield* push(a)
      yield* push(c)
      const [idA, idC] = [yield* a.id, yield* c.id]

      const before = yield* looking(b)
      expect(before).toMatchObject({ peers: [], answer: { devices: 2, changed: 2 } })
      expect(before.answer).toMatchObject({ unknown: [idA, idC].sort() })

      yield* pull(b)
      const level = yield* looking(b)
      expect(level.answer).toMatchObject({ devices: 2, changed: 0, unknown: [] })
      expect(level.peers).toMatchObject([
        { lag: 0, listed: "same" },
        { lag: 0, listed: "same" }
      ])

      yield* recordSome(a, 3)
      yield* push(a)
      world.bucket.objects.delete(manifestName(idC))
      const after = yield* looking(b)
      const of = (id: string) => after.peers.find((peer) => peer.device === id)
      expect(of(idA)).toMatchObject({ operations: 2, listed: "newer" })
      expect(of(idC)).toMatchObject({ operations: 1, listed: "gone" })
      expect((yield* b.as(status({ ask: false }))).peers).toMatchObject([{ listed: null }, { listed: null }])
    })
  )

  it.scoped("waits for a silent store no longer than it may, and then says so", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      yield* joinAll(a)
      world.faults.wrap = (store) => ({ ...store, list: () => Stream.never })
      const asking = yield* Effect.fork(a.as(status({ ask: true, patience: Duration.seconds(7) })))
      yield* TestClock.adjust("6 seconds")
      expect(Option.isNone(yield* Fiber.poll(asking))).toBe(true)
      yield* TestClock.adjust("2 seconds")
      expect((yield* Fiber.join(asking)).answer).toMatchObject({ _tag: "Failed", error: { reason: "TimedOut" } })
    })
  )

  it.scoped("tells what the store holds where it can be asked, and else what is remembered", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      yield* joinAll(a)
      yield* recordSome(a, 1)
      yield* push(a)
      const asked = yield* looking(a, true)
      const manifest = world.bucket.objects.get(manifestName(yield* a.id))
      expect(heldBytes(asked)).toEqual({ basis: "asked", bytes: manifest?.bytes.length })
      world.faults.wrap = (store) => ({
        ...store,
        list: (prefix) => (prefix === "segments/" ? Stream.fail(refused) : store.list(prefix))
      })
      const half = yield* looking(a, true)
      expect(half.answer).toMatchObject({ _tag: "Answered", holdings: Option.some(Either.left(refused)) })
      expect(heldBytes(half)).toEqual({ basis: "remembered", bytes: 0 })
    })
  )

  it.scoped("costs one LIST, and another for what the store holds", () =>
    Effect.gen(function* () {
      const a = yield* makeDevice(makeWorld(), "a")
      yield* joinAll(a)
      expect(yield* requestsOf(a, looking(a))).toEqual(["list"])
      expect(yield* requestsOf(a, looking(a, true))).toEqual(["list", "list"])
    })
  )
})

describe("what is remembered of the last push and pull", () => {
  it.scoped("is what they did, object by object; the sums are those of what there is", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const [a, b] = [yield* makeDevice(world, "a"), yield* makeDevice(world, "b")]
      yield* joinAll(a, b)
      yield* recordSome(a, 1, 2)
      yield* push(a)
      yield* pull(b)
      expect((yield* a.as(activityOrNone)).push).toMatchObject({ published: true, operations: 2, entries: 2, rules: 0 })
      const first = (yield* b.as(activityOrNone)).pull
      expect(first).toMatchObject({ devices: 1, changed: 1, added: 2 })
      expect(first?.manifests).toEqual({ applied: 1, unchanged: 0, problems: 0 })

      yield* pull(b)
      const again = (yield* b.as(activityOrNone)).pull
      expect(again).toMatchObject({ changed: 0, added: 0, problems: [] })
      expect(again?.manifests).toEqual({ applied: 0, unchanged: 1, problems: 0 })

      const name = manifestName(yield* a.id)
      const stored = world.bucket.objects.get(name)!
      world.bucket.objects.set(name, { ...stored, etag: "damaged", bytes: stored.bytes.slice(1) })
      yield* pull(b)
      const bad = (yield* b.as(activityOrNone)).pull
      expect(bad?.manifests).toEqual({ applied: 0, unchanged: 0, problems: 1 })
      expect(bad?.problems).toMatchObject([{ name, kind: "manifest" }])
    })
  )

  it.scoped("is also why the last one failed, with what it was, until after it has succeeded again", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      yield* joinAll(a)
      yield* recordSome(a, 1)
      world.faults.wrap = (store) => ({ ...store, put: () => Effect.fail(refused), list: () => Stream.fail(refused) })
      yield* Effect.flip(push(a))
      expect(yield* a.as(activityOrNone)).toMatchObject({
        lastPush: null,
        lastError: { tag: "StoreError.Refused", during: "push" }
      })
      yield* TestClock.adjust("1 minute")
      yield* Effect.flip(pull(a))
      expect(yield* a.as(activityOrNone)).toMatchObject({ lastError: { during: "pull" } })
      world.faults.wrap = (store) => store
      yield* TestClock.adjust("1 minute")
      yield* push(a)
      const activity = yield* a.as(activityOrNone)
      expect(activity.lastError).toMatchObject({ during: "pull" })
      expect(activity.lastPush).toBeGreaterThan(activity.lastError?.at ?? Infinity)
    })
  )
})
