import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { crc32 } from "node:zlib"
import { type Conditions, plant } from "../../src/store/MemoryObjectStore.ts"
import type { ObjectStoreService } from "../../src/store/ObjectStore.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { manifestName } from "../../src/sync/ObjectNames.ts"
import { reset } from "../../src/sync/Reset.ts"
import { commandsOf, historyOf } from "./History.ts"
import {
  initDevice,
  joinAll,
  live,
  makeDevice,
  makeWorld,
  pull,
  push,
  record,
  storeAt,
  type TestDevice
} from "./World.ts"

let counter = 0
const runs = (device: TestDevice, ...commands: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    for (const command of commands) yield* record(device, yield* live(device, command, ++counter))
  })

/** Device a has published "one" and "two" in two publications, and b has seen both. */
const published = (conditions?: Conditions) =>
  Effect.gen(function* () {
    const world = makeWorld(conditions)
    const a = yield* makeDevice(world, "a")
    const b = yield* makeDevice(world, "b")
    const key = yield* joinAll(a, b)
    const name = manifestName(yield* a.id)
    yield* runs(a, "one")
    yield* push(a)
    const older = Uint8Array.from(world.bucket.objects.get(name)?.bytes ?? [])
    yield* runs(a, "two")
    yield* push(a)
    yield* push(a, true)
    yield* pull(b)
    const newest = Uint8Array.from(world.bucket.objects.get(name)?.bytes ?? [])
    const damage = () => plant(world.bucket, name, newest.slice(0, -1))
    return { world, a, b, key, name, older, newest, damage }
  })

const settled = (a: TestDevice, b: TestDevice) =>
  Effect.gen(function* () {
    expect(yield* push(a)).toMatchObject({ operations: 0 })
    expect((yield* pull(b)).problems).toEqual([])
    expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
  })

const careless: Conditions = { create: "ignored", ifMatch: "ignored" }

describe("what a conflict's message advises gets out of it", () => {
  it.scoped.each([
    ["push --force", (a: TestDevice) => push(a, true)],
    ["pull --force, then push", (a: TestDevice) => Effect.zipRight(pull(a, true), push(a))],
    [
      "reset, init, pull, push",
      (a: TestDevice) =>
        Effect.all([Effect.suspend(() => a.as(reset({ forgetKey: false }))), initDevice(a), pull(a), push(a)])
    ]
  ] as const)("a manifest that does not open, in a store without conditions: %s", ([, remedy]) =>
    Effect.gen(function* () {
      const { a, b, damage } = yield* published(careless)
      damage()
      yield* runs(a, "three")
      expect(yield* Effect.flip(push(a))).toMatchObject({ _tag: "ManifestCorrupt" })
      yield* remedy(a)
      yield* settled(a, b)
    })
  )

  it.scoped("a manifest that was moved to an archive: push --force", () =>
    Effect.gen(function* () {
      const { a, b, name, newest, world } = yield* published()
      plant(world.bucket, name, newest, "GLACIER")
      yield* runs(a, "three")
      yield* a.as(reset({ forgetKey: false }))
      yield* initDevice(a)
      yield* push(a, true)
      yield* settled(a, b)
    })
  )

  it.scoped("a store that went back, taken by pull --force, whose manifest is then written again as it was", () =>
    Effect.gen(function* () {
      const { a, b, name, older, world } = yield* published()
      plant(world.bucket, name, older)
      yield* pull(a, true)
      const same = world.bucket.objects.get(name)
      if (same !== undefined) world.bucket.objects.set(name, { ...same, etag: "another, for the same bytes" })
      yield* push(a)
      yield* settled(a, b)
    })
  )

  it.scoped("a manifest that did not open, taken by pull --force and then removed by hand", () =>
    Effect.gen(function* () {
      const { a, b, damage, name, world } = yield* published()
      damage()
      yield* pull(a, true)
      world.bucket.objects.delete(name)
      yield* push(a)
      yield* settled(a, b)
    })
  )

  it.scoped("a manifest that did not open, taken by pull --force, whose older version is then restored", () =>
    Effect.gen(function* () {
      const { a, b, damage, name, older, world } = yield* published()
      damage()
      yield* pull(a, true)
      plant(world.bucket, name, older)
      yield* push(a)
      yield* settled(a, b)
    })
  )
})

describe("a manifest of ours that a newer hx wrote", () => {
  /** Format version 99, with the checksum of its header (Envelope.ts). */
  const newer = (bytes: Uint8Array) => {
    const changed = Buffer.from(bytes)
    changed.writeUInt8(99, 4)
    changed.writeUInt32BE(crc32(changed.subarray(0, 72)), 72)
    return changed
  }

  it.scoped("is no corruption, and is not replaced after a reset", () =>
    Effect.gen(function* () {
      const { a, name, newest, world } = yield* published()
      const future = plant(world.bucket, name, newer(newest))
      yield* runs(a, "three")
      expect(yield* Effect.flip(push(a))).toMatchObject({ reason: "NewerFormat" })
      yield* a.as(reset({ forgetKey: false }))
      yield* Effect.exit(initDevice(a))
      yield* Effect.exit(push(a))
      expect(world.bucket.objects.get(name)?.etag).toBe(future.etag)
    })
  )
})

describe("a device that was offline for long", () => {
  it.scoped("still knows its own publication, whose answer was lost before", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* published()
      yield* runs(a, "three")
      const failing = (reason: StoreError["reason"], subject: string) =>
        Effect.fail(new StoreError({ reason, operation: "put", subject }))
      const lost = (store: ObjectStoreService): ObjectStoreService => ({
        ...store,
        put: (name, bytes, options) => Effect.zipRight(store.put(name, bytes, options), failing("TimedOut", name)),
        get: (name) => failing("TimedOut", name)
      })
      const offline =
        (reason: StoreError["reason"]) =>
        (store: ObjectStoreService): ObjectStoreService => ({
          ...store,
          put: (name) => failing(reason, name),
          get: (name) => failing(reason, name)
        })
      world.faults.wrap = lost
      yield* Effect.exit(push(a))
      for (let hour = 0; hour < 40; hour++) {
        world.faults.wrap = offline(hour % 2 === 0 ? "Unreachable" : "TimedOut")
        yield* Effect.exit(push(a))
      }
      world.faults.wrap = (store) => store
      const id = yield* a.id
      expect(yield* push(a)).toMatchObject({ forks: [] })
      expect(yield* a.id).toBe(id)
      yield* settled(a, b)
    })
  )
})

describe("a move to an empty store that was interrupted", () => {
  it.scoped("still publishes all that this device knows", () =>
    Effect.gen(function* () {
      const { a, b, key, world } = yield* published()
      const { url } = storeAt(world, "/elsewhere")
      world.faults.wrap = (store) => ({
        ...store,
        put: (name, bytes, options) =>
          name === "vault.json"
            ? Effect.zipRight(store.put(name, bytes, options), Effect.die("killed"))
            : store.put(name, bytes, options)
      })
      yield* Effect.exit(initDevice(b, { url }))
      world.faults.wrap = (store) => store
      expect(yield* initDevice(b, { url })).toMatchObject({ outcome: "moved", pending: 2 })
      yield* push(b)
      const c = yield* makeDevice(world, "c")
      yield* initDevice(c, { url, key })
      yield* pull(c)
      expect(yield* commandsOf(c)).toEqual(yield* commandsOf(a))
    })
  )

  it.scoped("a new vault, founded by a device that left its old one, gets all that this device knows", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* published()
      const { url } = storeAt(world, "/elsewhere")
      yield* b.as(reset({ forgetKey: true }))
      const founded = yield* initDevice(b, { url })
      expect(founded).toMatchObject({ outcome: "founded", pending: 2 })
      expect(yield* commandsOf(a)).toEqual(["one", "two"])
    })
  )
})
