import { describe, expect, it } from "@effect/vitest"
import { Effect, Option, TestClock } from "effect"
import { createHash } from "node:crypto"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import type { EntryId } from "../../src/domain/EntryId.ts"
import type { MemoryBucket } from "../../src/store/MemoryObjectStore.ts"
import type { ObjectStoreService } from "../../src/store/ObjectStore.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { manifestName, segmentName, segmentsOf } from "../../src/sync/ObjectNames.ts"
import { reset } from "../../src/sync/Reset.ts"
import { publication } from "../../src/sync/SyncState.ts"
import { commandsOf } from "./History.ts"
import {
  imported,
  initDevice,
  joinAll,
  makeDevice,
  makeWorld,
  pull,
  push,
  record,
  storeAt,
  type TestDevice
} from "./World.ts"

/** So long that it makes a segment of its own. */
const long = (device: TestDevice, number: number) => {
  let text = `echo ${number} `
  for (let part = 0; text.length < 90_000; part++) {
    text += createHash("sha512").update(`${number} ${part}`).digest("base64")
  }
  return imported(device, text, 1_600_000_000 + number)
}

const recordLong = (device: TestDevice, number: number) =>
  Effect.tap(long(device, number), (entry) => record(device, entry))

const forget = (device: TestDevice, id: EntryId) =>
  device.as(Effect.flatMap(HistoryDb, (db) => db.log.forget({ ids: [id], twins: [], windows: [] })))

/** Segments of a device in the store, and those among them that its manifest does not name. */
const standing = (device: TestDevice, bucket: MemoryBucket = device.world.bucket) =>
  Effect.gen(function* () {
    const id = yield* device.id
    const known = Option.getOrThrow(yield* device.as(publication.get))
    const named = new Set(known.segments.map((segment) => segmentName(id, segment.id)))
    const all = [...bucket.objects.keys()].filter((name) => name.startsWith(segmentsOf(id)))
    return {
      all,
      strays: all.filter((name) => !named.has(name)),
      lost: [...named].filter((name) => !all.includes(name))
    }
  })

const CLEAN = { strays: [], lost: [] }

const pair = Effect.gen(function* () {
  const world = makeWorld()
  const a = yield* makeDevice(world, "a")
  const b = yield* makeDevice(world, "b")
  yield* joinAll(a, b)
  return { world, a, b }
})

/** The manifest arrives, and then the writer dies. */
const dyingAfterSwap = (store: ObjectStoreService): ObjectStoreService => ({
  ...store,
  put: (name, bytes, options) =>
    name.startsWith("manifests/")
      ? Effect.zipRight(store.put(name, bytes, options), Effect.die("killed"))
      : store.put(name, bytes, options)
})

const refusingDeletes = (store: ObjectStoreService): ObjectStoreService => ({
  ...store,
  delete: (name) => Effect.fail(new StoreError({ reason: "AccessDenied", operation: "delete", subject: name }))
})

const honest = (store: ObjectStoreService) => store

describe("what was forgotten leaves the store", () => {
  it.scoped("also where the push that left it out died after its swap, and a pull found that out", () =>
    Effect.gen(function* () {
      const { a, world } = yield* pair
      yield* recordLong(a, 1)
      const secret = yield* recordLong(a, 2)
      yield* push(a)
      yield* forget(a, secret.id)
      world.faults.wrap = dyingAfterSwap
      yield* Effect.exit(push(a))
      world.faults.wrap = honest
      yield* pull(a)
      yield* push(a)
      expect(yield* standing(a)).toMatchObject(CLEAN)
    })
  )

  it.scoped("also where deleting failed and the device was reset before it could try again", () =>
    Effect.gen(function* () {
      const { a, world } = yield* pair
      const secret = yield* recordLong(a, 1)
      yield* push(a)
      yield* forget(a, secret.id)
      world.faults.wrap = refusingDeletes
      yield* push(a)
      world.faults.wrap = honest
      expect((yield* standing(a)).strays).toHaveLength(1)
      yield* a.as(reset({ forgetKey: false }))
      yield* initDevice(a)
      yield* push(a)
      expect(yield* standing(a)).toMatchObject(CLEAN)
    })
  )

  it.scoped(
    "also where it was published, forgotten and not pushed before a reset whose push had died after its swap",
    () =>
      Effect.gen(function* () {
        const { a, world } = yield* pair
        const secret = yield* recordLong(a, 1)
        yield* push(a)
        yield* forget(a, secret.id)
        world.faults.wrap = dyingAfterSwap
        yield* Effect.exit(push(a))
        world.faults.wrap = honest
        yield* a.as(reset({ forgetKey: false }))
        yield* initDevice(a)
        yield* push(a)
        expect(yield* standing(a)).toMatchObject(CLEAN)
      })
  )

  it.scoped("also from a store that this device comes back to, where another one was told first", () =>
    Effect.gen(function* () {
      const { a, world } = yield* pair
      const secret = yield* recordLong(a, 1)
      yield* push(a)
      const before = (yield* standing(a)).all
      const { url } = storeAt(world, "/elsewhere")
      expect(yield* initDevice(a, { url })).toMatchObject({ outcome: "moved" })
      yield* forget(a, secret.id)
      yield* push(a)
      yield* initDevice(a)
      yield* push(a)
      expect(yield* standing(a)).toMatchObject(CLEAN)
      expect((yield* standing(a)).all).not.toContain(before[0])
    })
  )

  it.scoped("also where its tail stands in the manifest of a store that this device comes back to", () =>
    Effect.gen(function* () {
      const { a, world } = yield* pair
      const secret = yield* imported(a, "secret", 1_600_000_000)
      yield* record(a, secret)
      yield* push(a)
      const { url } = storeAt(world, "/elsewhere")
      yield* initDevice(a, { url })
      yield* push(a)
      const name = manifestName(yield* a.id)
      const there = world.bucket.objects.get(name)?.etag
      yield* forget(a, secret.id)
      yield* push(a)
      // Back: the rule has still to be told here, so the manifest is written anew; once more, and there is nothing left to do.
      yield* initDevice(a)
      expect((yield* push(a)).operations).toBe(1)
      expect(world.bucket.objects.get(name)?.etag).not.toBe(there)
      expect((yield* push(a)).operations).toBe(0)
    })
  )

  it.scoped("also where our manifest was gone and push --force wrote another", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      yield* recordLong(a, 1)
      const secret = yield* recordLong(a, 2)
      yield* push(a)
      yield* pull(b)
      world.bucket.objects.delete(manifestName(yield* a.id))
      yield* forget(a, secret.id)
      yield* push(a, true)
      expect(yield* standing(a)).toMatchObject(CLEAN)
      yield* pull(b)
      expect(yield* commandsOf(b)).toEqual(yield* commandsOf(a))
    })
  )

  it.scoped("also where the clock was years ahead when it should have been deleted", () =>
    Effect.gen(function* () {
      const { a, world } = yield* pair
      const secret = yield* recordLong(a, 1)
      yield* push(a)
      yield* forget(a, secret.id)
      yield* TestClock.setTime(4e12)
      world.faults.wrap = refusingDeletes
      yield* push(a)
      world.faults.wrap = honest
      yield* TestClock.setTime(1e12)
      yield* push(a)
      expect(yield* standing(a)).toMatchObject(CLEAN)
    })
  )
})

describe("what a merge replaced", () => {
  const nine = Effect.fnUntraced(function* (a: TestDevice) {
    for (let number = 1; number <= 8; number++) {
      yield* recordLong(a, number)
      yield* push(a)
    }
    yield* recordLong(a, 9)
  })

  it.scoped("stays for an hour for readers of the old manifest, also where the answer to the swap was lost", () =>
    Effect.gen(function* () {
      const { a, world } = yield* pair
      yield* nine(a)
      world.faults.wrap = dyingAfterSwap
      yield* Effect.exit(push(a))
      world.faults.wrap = honest
      yield* push(a)
      expect((yield* standing(a)).strays).toHaveLength(8)
      yield* TestClock.adjust("2 hours")
      yield* recordLong(a, 10)
      yield* push(a)
      expect(yield* standing(a)).toMatchObject(CLEAN)
    })
  )
})
