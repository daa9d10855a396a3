/** In a store that keeps what was replaced or deleted, nothing of what was forgotten is kept. */

import { describe, expect, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import type { EntryId } from "../../src/domain/EntryId.ts"
import { plant } from "../../src/store/MemoryObjectStore.ts"
import type { ObjectStoreService, Purged } from "../../src/store/ObjectStore.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { oweOlderVault } from "../../src/sync/Debts.ts"
import { manifestName, VAULT_DESCRIPTOR } from "../../src/sync/ObjectNames.ts"
import { reset } from "../../src/sync/Reset.ts"
import { runPassphrase, runRotation } from "../../src/sync/Sync.ts"
import { activityOrNone, binding, debtsOrNone } from "../../src/sync/SyncState.ts"
import { recoveryKeyOf, VaultKeys } from "../../src/sync/VaultKeys.ts"
import { runVerify } from "../../src/sync/Verify.ts"
import {
  initDevice,
  joinAll,
  live,
  makeDevice,
  makeWorld,
  pull,
  push,
  record,
  requestsOf,
  type TestDevice
} from "./World.ts"

const PLAIN = { compression: false }

/** A vault whose objects can be searched by their bytes, in a bucket that keeps everything. */
const versioned = Effect.gen(function* () {
  const world = makeWorld()
  world.bucket.lifecycle.versioned = true
  const a = yield* makeDevice(world, "a", PLAIN)
  const b = yield* makeDevice(world, "b", PLAIN)
  yield* initDevice(a, { noEncrypt: true })
  yield* initDevice(b)
  return { world, a, b }
})

const recordSecret = Effect.fnUntraced(function* (device: TestDevice, counter = 1) {
  const secret = yield* live(device, "export TOKEN=hunter2", counter, { cwd: "/home/me/hushhush" })
  yield* record(device, secret)
  return secret.id
})

const more = (device: TestDevice, counter: number) =>
  Effect.flatMap(live(device, `make ${counter}`, counter), (entry) => record(device, entry))

const forget = (device: TestDevice, id: EntryId) =>
  device.as(Effect.flatMap(HistoryDb, (db) => db.log.forget({ ids: [id], twins: [], windows: [] })))

/** Where the bucket holds the secret: objects that stand, and what it keeps of others. */
const holders = ({ world: { bucket } }: TestDevice) => {
  const holds = (bytes: Uint8Array) => ["hunter2", "hushhush"].some((text) => Buffer.from(bytes).includes(text))
  return {
    standing: [...bucket.objects].filter(([, { bytes }]) => holds(bytes)).map(([name]) => name),
    older: bucket.older.filter(({ bytes }) => holds(bytes)).length
  }
}

/** How many older versions status tells of; null: nobody may look; undefined: none. */
const left = (device: TestDevice) => Effect.map(device.as(activityOrNone), ({ versionsLeft }) => versionsLeft?.versions)

const NOWHERE = { standing: [], older: 0 }

/** Published in the tail of several manifests, and then forgotten. */
const forgotten = Effect.gen(function* () {
  const { a, b, world } = yield* versioned
  const id = yield* recordSecret(a)
  for (let counter = 2; counter < 6; counter++) {
    yield* push(a)
    yield* more(a, counter)
  }
  yield* push(a)
  expect(holders(a)).toEqual({ standing: [manifestName(yield* a.id)], older: 4 })
  return { a, b, id, world }
})

const wrapped =
  (change: (store: ObjectStoreService) => Partial<ObjectStoreService>) => (store: ObjectStoreService) => ({
    ...store,
    ...change(store)
  })

const lost = (name: string) => new StoreError({ reason: "ConnectionLost", operation: "delete", subject: name })

describe("older versions", () => {
  it.scoped("of manifests whose tails held what was forgotten are gone after the owner's next push", () =>
    Effect.gen(function* () {
      const { a, id } = yield* forgotten
      yield* forget(a, id)
      expect(yield* push(a)).toMatchObject({ versionsLeft: 0, owed: 0 })
      expect(holders(a)).toEqual(NOWHERE)
    })
  )

  it.scoped("likewise where another device forgets it", () =>
    Effect.gen(function* () {
      const { a, b, id } = yield* forgotten
      yield* pull(b)
      yield* forget(b, id)
      yield* push(b)
      yield* pull(a)
      yield* push(a)
      expect(holders(a)).toEqual(NOWHERE)
    })
  )

  it.scoped("are not asked for by a push after nothing was forgotten, nor where it had never been published", () =>
    Effect.gen(function* () {
      const { a } = yield* versioned
      let purges = 0
      a.world.faults.wrap = wrapped((store) => ({
        purge: (prefix) =>
          Effect.zipRight(
            Effect.sync(() => purges++),
            store.purge!(prefix)
          )
      }))
      yield* more(a, 1)
      expect(yield* requestsOf(a, push(a))).toEqual(["put"])
      const id = yield* recordSecret(a, 2)
      yield* forget(a, id)
      expect(yield* requestsOf(a, push(a))).toEqual(["put"])
      expect(purges).toBe(0)
    })
  )

  for (const [what, dies] of [
    ["before its swap", wrapped(() => ({ put: () => Effect.die("killed") }))],
    [
      "after its swap",
      wrapped((store) => ({
        put: (...request) => Effect.zipRight(store.put(...request), Effect.die("killed"))
      }))
    ],
    ["before it deleted any", wrapped(() => ({ purge: () => Effect.die("killed") }))],
    [
      "when it had deleted some",
      wrapped((store) => ({ purge: (prefix) => Effect.zipRight(store.purge!(prefix), Effect.die("killed")) }))
    ]
  ] as const) {
    it.scoped(`go where the push was killed ${what}, with the next push`, () =>
      Effect.gen(function* () {
        const { a, id, world } = yield* forgotten
        yield* forget(a, id)
        const honest = world.faults.wrap
        world.faults.wrap = dies
        expect((yield* Effect.exit(push(a)))._tag).toBe("Failure")
        world.faults.wrap = honest
        yield* push(a)
        expect(holders(a)).toEqual(NOWHERE)
        expect(yield* a.as(debtsOrNone)).toEqual([])
        expect(yield* requestsOf(a, push(a))).toEqual([])
      })
    )

    it.scoped(`go where the push was killed ${what}, and a reset came in between`, () =>
      Effect.gen(function* () {
        const { a, id, world } = yield* forgotten
        yield* forget(a, id)
        const honest = world.faults.wrap
        world.faults.wrap = dies
        yield* Effect.exit(push(a))
        world.faults.wrap = honest
        yield* a.as(reset({ forgetKey: false }))
        yield* initDevice(a)
        yield* push(a)
        expect(holders(a)).toEqual(NOWHERE)
      })
    )
  }

  it.scoped("that a cut connection kept stay owed, and go with the next push", () =>
    Effect.gen(function* () {
      const { a, id, world } = yield* forgotten
      yield* forget(a, id)
      const honest = world.faults.wrap
      world.faults.wrap = wrapped(() => ({ purge: (prefix) => Effect.fail(lost(prefix)) }))
      expect(yield* push(a)).toMatchObject({ owed: 1 })
      world.faults.wrap = honest
      expect(yield* push(a)).toMatchObject({ owed: 0, published: false })
      expect(holders(a)).toEqual(NOWHERE)
    })
  )

  it.scoped("that may not be deleted are counted, told once, and asked for again when more is forgotten", () =>
    Effect.gen(function* () {
      const { a, id, world } = yield* forgotten
      yield* forget(a, id)
      const honest = world.faults.wrap
      const refusing = (left: Purged["left"]) => wrapped(() => ({ purge: () => Effect.succeed({ deleted: 0, left }) }))
      world.faults.wrap = refusing(3)
      expect(yield* left(a)).toBeUndefined()
      expect(yield* push(a)).toMatchObject({ versionsLeft: 6, owed: 0 })
      expect(yield* push(a)).toMatchObject({ versionsLeft: 0, published: false })
      expect(yield* left(a)).toBe(6)
      const second = yield* recordSecret(a, 9)
      yield* push(a)
      yield* forget(a, second)
      world.faults.wrap = refusing(null)
      expect(yield* push(a)).toMatchObject({ versionsLeft: null })
      expect(yield* left(a)).toBe(null)
      const third = yield* recordSecret(a, 10)
      yield* push(a)
      yield* forget(a, third)
      world.faults.wrap = honest
      expect(yield* push(a)).toMatchObject({ versionsLeft: 0 })
      expect(yield* left(a)).toBeUndefined()
      expect(holders(a)).toEqual(NOWHERE)
      expect(Option.isSome(Option.fromNullable(world.bucket.objects.get(manifestName(yield* a.id))))).toBe(true)
    })
  )

  it.scoped("that may not be deleted are remembered though nothing is left of vault.json", () =>
    Effect.gen(function* () {
      const { a, id, world } = yield* forgotten
      yield* forget(a, id)
      world.faults.wrap = wrapped(() => ({
        purge: (prefix) => Effect.succeed({ deleted: 0, left: prefix === VAULT_DESCRIPTOR ? 0 : 3 })
      }))
      yield* push(a)
      expect(yield* left(a)).toBe(6)
      yield* a.as(oweOlderVault)
      yield* push(a)
      expect(yield* left(a)).toBe(6)
    })
  )

  it.scoped("that may not be deleted go with a repair once they may, and status forgets them", () =>
    Effect.gen(function* () {
      const { a, id, world } = yield* forgotten
      yield* forget(a, id)
      const honest = world.faults.wrap
      world.faults.wrap = wrapped(() => ({ purge: () => Effect.succeed({ deleted: 0, left: 3 }) }))
      yield* push(a)
      yield* a.as(runVerify({ repair: true }))
      expect(yield* left(a)).toBe(6)
      world.faults.wrap = honest
      expect(holders(a).older).toBeGreaterThan(0)
      yield* a.as(runVerify({ repair: true }))
      expect(yield* left(a)).toBeUndefined()
      expect(holders(a)).toEqual(NOWHERE)
    })
  )
})

describe("copies of this device's manifest that a file synchroniser left", () => {
  /** The secret in a's tail, with a copy of that manifest beside it. */
  const copied = Effect.gen(function* () {
    const { a, b, world } = yield* versioned
    const name = manifestName(yield* a.id)
    const id = yield* recordSecret(a)
    yield* push(a)
    const bytes = Uint8Array.from(world.bucket.objects.get(name)?.bytes ?? [])
    const copy = name.replace(".hxm", ".sync-conflict-20261123-101500-ABCDEFG.hxm")
    yield* more(a, 2)
    yield* push(a)
    return { a, b, copy, id, place: () => plant(world.bucket, copy, bytes), world }
  })

  it.scoped("go with what was forgotten, and no other device misses them", () =>
    Effect.gen(function* () {
      const { a, b, copy, id, place, world } = yield* copied
      place()
      yield* pull(a)
      yield* pull(b)
      yield* forget(a, id)
      expect(holders(a).standing).toContain(copy)
      expect(yield* push(a)).toMatchObject({ published: true, deleted: 1, owed: 0 })
      expect(world.bucket.objects.has(copy)).toBe(false)
      expect(holders(a).standing).toEqual([])
      expect(yield* pull(b)).toMatchObject({ problems: [] })
      expect(yield* pull(a)).toMatchObject({ problems: [] })
      expect(yield* requestsOf(a, push(a))).toEqual([])
    })
  )

  it.scoped("go also where they come long after it was forgotten", () =>
    Effect.gen(function* () {
      const { a, copy, id, place, world } = yield* copied
      yield* forget(a, id)
      yield* push(a)
      place()
      yield* pull(a)
      expect(yield* push(a)).toMatchObject({ published: false, deleted: 1, owed: 0 })
      expect(world.bucket.objects.has(copy)).toBe(false)
      expect(yield* requestsOf(a, push(a))).toEqual([])
    })
  )

  it.scoped("stay where nothing of them was forgotten", () =>
    Effect.gen(function* () {
      const { a, copy, place, world } = yield* copied
      place()
      yield* pull(a)
      const other = yield* recordSecret(a, 9)
      yield* push(a)
      yield* forget(a, other)
      yield* push(a)
      expect(world.bucket.objects.has(copy)).toBe(true)
    })
  )

  it.scoped("that cannot be deleted are owed, and go with a later push", () =>
    Effect.gen(function* () {
      const { a, copy, id, place, world } = yield* copied
      place()
      yield* pull(a)
      yield* forget(a, id)
      const honest = world.faults.wrap
      world.faults.wrap = wrapped((store) => ({
        delete: (name) => (name === copy ? Effect.fail(lost(name)) : store.delete(name))
      }))
      expect(yield* push(a)).toMatchObject({ owed: 1 })
      world.faults.wrap = honest
      expect(yield* push(a)).toMatchObject({ deleted: 1, owed: 0 })
      expect(world.bucket.objects.has(copy)).toBe(false)
    })
  )
})

describe("a key or a passphrase that is over, in a bucket that keeps versions", () => {
  const LONG = "correct horse battery staple"
  const olderNames = ({ world }: TestDevice) => world.bucket.older.map(({ name }) => name)
  const setPassphrase = (device: TestDevice, text: string | null) =>
    device.as(runPassphrase(text === null ? null : Redacted.make(text)))

  const shared = Effect.gen(function* () {
    const world = makeWorld()
    world.bucket.lifecycle.versioned = true
    const a = yield* makeDevice(world, "a", { inlineTail: 16 })
    const b = yield* makeDevice(world, "b", { inlineTail: 16 })
    yield* joinAll(a, b)
    for (const [counter, device] of [a, b, a, b].entries()) {
      yield* more(device, counter)
      yield* push(device)
    }
    return { world, a, b }
  })

  it.scoped(
    "a rotation leaves no older version of vault.json and of its device's objects; others leave none when they join again",
    () =>
      Effect.gen(function* () {
        const { a, b } = yield* shared
        expect(olderNames(a).length).toBeGreaterThan(0)
        const { recoveryKey } = yield* a.as(runRotation)
        const [ofA, ofB] = [yield* a.id, yield* b.id]
        expect(olderNames(a).filter((name) => name === "vault.json" || name.includes(ofA))).toEqual([])
        expect(yield* a.as(debtsOrNone)).toEqual([])
        expect(olderNames(a).some((name) => name.includes(ofB))).toBe(true)
        yield* initDevice(b, { key: recoveryKey })
        yield* push(b)
        expect(olderNames(b).filter((name) => name.includes(ofB))).toEqual([])
      })
  )

  it.scoped("where the rotation is killed before it got as far, the next push does", () =>
    Effect.gen(function* () {
      const { a, world } = yield* shared
      world.faults.wrap = wrapped(() => ({ purge: () => Effect.die("killed") }))
      yield* Effect.exit(a.as(runRotation))
      expect(olderNames(a)).toContain("vault.json")
      world.faults.wrap = (store) => store
      yield* push(a)
      const id = yield* a.id
      expect(olderNames(a).filter((name) => name === "vault.json" || name.includes(id))).toEqual([])
    })
  )

  it.scoped(
    "a passphrase that was changed or removed opens no older vault.json; a device that has published nothing sees to it too",
    () =>
      Effect.gen(function* () {
        const { b, world } = yield* shared
        const c = yield* makeDevice(world, "c")
        yield* initDevice(c, { key: yield* keyOf(b) })
        yield* setPassphrase(c, LONG)
        for (const next of [`${LONG} again`, null]) {
          yield* setPassphrase(c, next)
          expect(olderNames(c)).not.toContain("vault.json")
        }
        expect(yield* c.as(debtsOrNone)).toEqual([])
      })
  )
})

const keyOf = (device: TestDevice) =>
  device.as(
    Effect.gen(function* () {
      const { vaultId } = Option.getOrThrow(yield* binding.get)
      return Option.getOrThrow(recoveryKeyOf(yield* Effect.flatMap(VaultKeys, (keys) => keys.keyring(vaultId, true))))
    })
  )
