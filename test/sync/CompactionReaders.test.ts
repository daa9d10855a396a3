/** Readers in mid-pull while the owner of the log merges, rewrites and deletes what they are about to read. */

import { describe, expect, it } from "@effect/vitest"
import { Effect, Stream, TestClock } from "effect"
import type { MemoryObject } from "../../src/store/MemoryObjectStore.ts"
import { manifestName } from "../../src/sync/ObjectNames.ts"
import { keyOf } from "./CrashProof.ts"
import { historyOf } from "./History.ts"
import { forgetAt, recordNoise } from "./Noise.ts"
import {
  initDevice,
  joinAll,
  makeDevice,
  makeWorld,
  pull,
  push,
  requestsOf,
  type TestDevice,
  type World
} from "./World.ts"

const owners = { inlineTail: 1024, compression: false }
const readers = { compression: false, concurrentDownloads: 1 }

/** Seven segments in the store, so that one more makes a merge of them. */
const seven = Effect.gen(function* () {
  const world = makeWorld()
  const a = yield* makeDevice(world, "a", owners)
  const b = yield* makeDevice(world, "b", readers)
  yield* joinAll(a, b)
  for (let number = 0; number < 7; number++) yield* segment(a, number)
  return { world, a, b }
})

/** Another segment's worth of commands, published. */
const segment = (device: TestDevice, number: number) =>
  Effect.zipRight(recordNoise(device, 16 * number, 16), push(device))

const mergeAndDelete = (a: TestDevice, from: number) =>
  Effect.gen(function* () {
    yield* segment(a, from)
    yield* segment(a, from + 1)
    yield* TestClock.adjust("2 hours")
    yield* recordNoise(a, 16 * (from + 2), 1)
    expect((yield* push(a)).deleted).toBe(8)
  })

/** One command of each segment is forgotten, so that all are written anew, and what was there is deleted. */
const rewriteAll = (a: TestDevice, number: number) => {
  const first = [0, 16, 32, 48, 64, 80, 96]
  return Effect.zipRight(
    forgetAt(
      a,
      first.map((each) => each + number)
    ),
    push(a)
  )
}

/** Before the reader's n-th GET of a segment, something happens. */
const duringReads = (world: World, happens: (read: number) => Effect.Effect<unknown, unknown> | undefined) => {
  let read = 0
  let busy = false
  world.faults.wrap = (store) => ({
    ...store,
    get: (name, most) =>
      Effect.suspend(() => {
        if (busy || !name.startsWith("segments/")) return store.get(name, most)
        busy = true
        const event = happens(++read) ?? Effect.void
        return Effect.zipRight(
          Effect.ensuring(
            Effect.orDie(event),
            Effect.sync(() => (busy = false))
          ),
          store.get(name, most)
        )
      })
  })
}

const expectSame = (a: TestDevice, b: TestDevice) =>
  Effect.gen(function* () {
    expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
    expect(yield* requestsOf(b, pull(b))).toEqual(["list"])
  })

describe("a reader in mid-pull", () => {
  it.scoped("while its segments are merged reads on undisturbed: what was replaced stays for an hour", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* seven
      duringReads(world, (read) => (read === 3 ? Effect.zipRight(segment(a, 7), segment(a, 8)) : undefined))
      expect((yield* requestsOf(b, pull(b))).filter((request) => request === "get")).toHaveLength(1 + 7)
      expect((yield* pull(b)).problems).toEqual([])
      yield* expectSame(a, b)
    })
  )

  it.scoped("that stands still until they are merged and deleted reads the manifest again, and goes on", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* seven
      duringReads(world, (read) => (read === 3 ? mergeAndDelete(a, 7) : undefined))
      expect(yield* pull(b)).toMatchObject({ problems: [] })
      yield* expectSame(a, b)
    })
  )

  it.scoped("through six compactions in a row, one after each segment that it could read, ends with everything", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* seven
      let times = 0
      let lastRead = ""
      world.faults.wrap = (store) => ({
        ...store,
        get: (name, most) =>
          Effect.suspend(() => {
            if (!name.startsWith("segments/") || lastRead === "") return store.get(name, most)
            lastRead = ""
            // What was forgotten is rewritten and deleted at once: all that the reader still lacks.
            const number = ++times
            return Effect.zipRight(Effect.orDie(rewriteAll(a, number)), store.get(name, most))
          }).pipe(Effect.tap(() => Effect.sync(() => (lastRead = name.startsWith("segments/") ? name : lastRead))))
      })
      expect(yield* pull(b)).toMatchObject({ problems: [] })
      expect(times).toBe(6)
      world.faults.wrap = (store) => store
      yield* expectSame(a, b)
    })
  )

  it.scoped("whose every read is too late ends all the same, reports it, and the next pull has everything", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* seven
      let times = 0
      duringReads(world, () => {
        const number = times++
        return number > 100 ? undefined : rewriteAll(a, number % 16)
      })
      const late = yield* pull(b)
      expect(late.problems.map(({ kind }) => kind)).toContain("missing")
      expect(times).toBeLessThan(100)
      world.faults.wrap = (store) => store
      expect(yield* pull(b)).toMatchObject({ problems: [] })
      yield* expectSame(a, b)
    })
  )

  it.scoped(
    "with a list from before the compaction, or an old manifest too, loses nothing and is told of nothing that is not so",
    () =>
      Effect.gen(function* () {
        const { a, b, world } = yield* seven
        const before = new Map(world.bucket.objects)
        const own = manifestName(yield* a.id)
        yield* mergeAndDelete(a, 7)
        // The list is old, what is read is not.
        world.faults.wrap = (store) => ({ ...store, list: (prefix) => Stream.fromIterable(listed(before, prefix)) })
        expect(yield* pull(b)).toMatchObject({ problems: [] })
        expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
        world.faults.wrap = (store) => store
        expect(yield* pull(b)).toMatchObject({ problems: [] })
        yield* expectSame(a, b)

        // To another reader the manifest is old too, and its segments are gone: that is told, and over with the next pull.
        const c = yield* makeDevice(world, "c", readers)
        yield* initDevice(c, yield* keyOf(a))
        world.faults.wrap = (store) => ({
          ...store,
          list: (prefix) => Stream.fromIterable(listed(before, prefix)),
          get: (name, most) => {
            const old = before.get(name)
            return name === own && old !== undefined ? Effect.succeed(old) : store.get(name, most)
          }
        })
        const stale = yield* pull(c)
        expect(new Set(stale.problems.map(({ kind }) => kind))).toEqual(new Set(["missing"]))
        world.faults.wrap = (store) => store
        expect(yield* pull(c)).toMatchObject({ problems: [] })
        yield* expectSame(a, c)
      })
  )

  it.scoped("that keeps up never reads a merged segment: it has passed its end", () =>
    Effect.gen(function* () {
      const { a, b } = yield* seven
      yield* pull(b)
      for (let number = 7; number < 26; number++) {
        yield* segment(a, number)
        const gets = (yield* requestsOf(b, pull(b))).filter((request) => request === "get")
        expect(gets.length).toBeLessThanOrEqual(2)
      }
      yield* expectSame(a, b)
    })
  )
})

const listed = (objects: ReadonlyMap<string, MemoryObject>, prefix: string) =>
  [...objects]
    .filter(([name]) => name.startsWith(prefix))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, { bytes, etag }]) => ({ name, etag, size: bytes.length }))
