import { describe, expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { plant } from "../../src/store/MemoryObjectStore.ts"
import { manifestName } from "../../src/sync/ObjectNames.ts"
import { reset } from "../../src/sync/Reset.ts"
import { status } from "../../src/sync/Status.ts"
import { commandsOf, historyOf } from "./History.ts"
import { initDevice, joinAll, live, makeDevice, makeWorld, pull, push, record, type TestDevice } from "./World.ts"

const pair = Effect.gen(function* () {
  const world = makeWorld()
  const a = yield* makeDevice(world, "a")
  const b = yield* makeDevice(world, "b")
  yield* joinAll(a, b)
  return { world, a, b }
})

const runs = (device: TestDevice, ...commands: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    for (const command of commands) yield* record(device, yield* live(device, command, ++counter))
  })
let counter = 0

describe("our own publication", () => {
  it.scoped("a publication whose answer was lost is recognised as ours, and nothing is said about it", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      yield* runs(a, "one")
      world.faults.wrap = (store) => ({
        ...store,
        put: (name, bytes, options) =>
          Effect.zipRight(
            store.put(name, bytes, options),
            Effect.fail(new StoreError({ reason: "ConnectionLost", operation: "put", subject: name }))
          )
      })
      const report = yield* push(a)
      expect(report).toMatchObject({ operations: 1, forks: [] })
      world.faults.wrap = (store) => store
      yield* runs(a, "two")
      expect(yield* push(a)).toMatchObject({ operations: 1, forks: [] })
      yield* pull(b)
      expect(yield* commandsOf(b)).toEqual(["one", "two"])
    })
  )

  it.scoped("dying after the swap and before its outcome is noted changes nothing", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      yield* runs(a, "one")
      world.faults.wrap = (store) => ({
        ...store,
        put: (name, bytes, options) => Effect.zipRight(store.put(name, bytes, options), Effect.die("killed"))
      })
      yield* Effect.exit(push(a))
      world.faults.wrap = (store) => store
      expect(yield* push(a)).toMatchObject({ forks: [] })
      expect(yield* push(a)).toMatchObject({ operations: 0 })
      yield* pull(b)
      expect(yield* commandsOf(b)).toEqual(["one"])
    })
  )

  it.scoped("after reset and init the manifest is adopted, and only what is new is pending", () =>
    Effect.gen(function* () {
      const { a, b } = yield* pair
      yield* runs(a, "one", "two")
      yield* push(a)
      yield* runs(b, "three")
      yield* push(b)
      yield* a.as(reset({ forgetKey: false }))
      yield* runs(a, "four")
      expect(yield* initDevice(a)).toMatchObject({ outcome: "joined", pending: 1, forks: [] })
      yield* pull(a)
      yield* push(a)
      yield* pull(b)
      expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
      expect(yield* commandsOf(a)).toEqual(["four", "one", "three", "two"])
    })
  )
})

describe("clones", () => {
  it.scoped("two installations with one id never overwrite each other: the second continues under a new id", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      // The same seed gives the same device id, so these two are one device and its clone.
      const clone = yield* makeDevice(world, "a")
      const shared = yield* live(a, "shared", ++counter)
      yield* record(a, shared)
      yield* record(clone, shared)
      yield* push(a)
      expect(yield* initDevice(clone, { key: yield* keyOf(a) })).toMatchObject({ pending: 0, forks: [] })
      yield* runs(a, "of the original")
      yield* push(a)
      yield* runs(clone, "of the clone")
      const report = yield* push(clone)
      expect(report.forks).toMatchObject([{ from: yield* a.id, moved: 1 }])
      expect(yield* clone.id).not.toBe(yield* a.id)
      yield* pull(clone)
      yield* pull(a)
      yield* pull(b)
      expect(yield* commandsOf(b)).toEqual(["of the clone", "of the original", "shared"])
      expect(yield* commandsOf(a)).toEqual(yield* commandsOf(b))
      expect(yield* commandsOf(clone)).toEqual(yield* commandsOf(b))
    })
  )
})

const keyOf = (device: TestDevice) =>
  device.as(
    Effect.gen(function* () {
      const { recoveryKeyOf, VaultKeys } = yield* Effect.promise(() => import("../../src/sync/VaultKeys.ts"))
      const { homeVault } = yield* Effect.promise(() => import("../../src/sync/SyncState.ts"))
      const home = Option.getOrThrow(yield* homeVault.get)
      const keys = yield* VaultKeys
      return Option.getOrThrow(recoveryKeyOf(yield* keys.keyring(home.vaultId, true)))
    })
  )

describe("a store that went back", () => {
  const wentBack = Effect.gen(function* () {
    const { a, b, world } = yield* pair
    yield* runs(a, "one")
    yield* push(a)
    const name = manifestName(yield* a.id)
    const older = world.bucket.objects.get(name)?.bytes ?? new Uint8Array()
    yield* runs(a, "two")
    yield* push(a)
    yield* pull(b)
    const newer = world.bucket.objects.get(name)?.bytes ?? new Uint8Array()
    plant(world.bucket, name, older)
    return { a, b, world, name, newer }
  })

  it.scoped("is not overwritten: push and pull stop with a sequence conflict", () =>
    Effect.gen(function* () {
      const { a } = yield* wentBack
      yield* runs(a, "three")
      expect(yield* Effect.flip(push(a))).toMatchObject({ _tag: "SequenceConflict", ours: 2, theirs: 1 })
      expect(yield* Effect.flip(pull(a))).toMatchObject({ _tag: "SequenceConflict" })
    })
  )

  it.scoped("is noticed by a peer that saw the newer one, which keeps what it has", () =>
    Effect.gen(function* () {
      const { b } = yield* wentBack
      expect((yield* pull(b)).problems).toMatchObject([{ kind: "rollback" }])
      expect(yield* commandsOf(b)).toEqual(["one", "two"])
      expect((yield* b.as(status({ ask: false }))).peers).toMatchObject([
        { problem: expect.stringContaining("went back to publication 1") as string }
      ])
    })
  )

  it.scoped("is forgotten about when it comes forward again", () =>
    Effect.gen(function* () {
      const { b, name, newer, world } = yield* wentBack
      yield* pull(b)
      plant(world.bucket, name, newer)
      expect((yield* pull(b)).problems).toEqual([])
      expect((yield* b.as(status({ ask: false }))).peers).toMatchObject([{ problem: null }])
    })
  )

  it.scoped("is noticed by a device that never saw the newer one, through what another has seen", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* wentBack
      yield* runs(b, "of b")
      yield* push(b)
      const c = yield* makeDevice(world, "c")
      yield* initDevice(c, { key: yield* keyOf(a) })
      expect((yield* pull(c)).problems).toMatchObject([{ kind: "rollback" }])
    })
  )

  it.scoped.each([
    ["push --force", (a: TestDevice) => push(a, true)],
    ["pull --force, then push", (a: TestDevice) => Effect.zipRight(pull(a, true), push(a))]
  ] as const)("%s publishes above every sequence seen, and everybody agrees again", ([, remedy]) =>
    Effect.gen(function* () {
      const { a, b } = yield* wentBack
      yield* runs(a, "three")
      yield* remedy(a)
      const pulled = yield* pull(b)
      expect(pulled.problems).toEqual([])
      expect(yield* commandsOf(b)).toEqual(["one", "three", "two"])
      expect(yield* push(a)).toMatchObject({ operations: 0 })
    })
  )

  it.scoped("a deleted manifest is a conflict, and push --force brings it back", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      yield* runs(a, "one")
      yield* push(a)
      yield* pull(b)
      world.bucket.objects.delete(manifestName(yield* a.id))
      expect(yield* Effect.flip(pull(a))).toMatchObject({ _tag: "SequenceConflict", theirs: null })
      expect((yield* pull(b)).problems).toMatchObject([{ kind: "missing" }])
      yield* push(a, true)
      expect((yield* pull(b)).problems).toEqual([])
      expect(yield* commandsOf(b)).toEqual(["one"])
    })
  )

  it.scoped("a manifest of ours that does not open stops push and pull; reset, init and push replace it", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      yield* runs(a, "one")
      yield* push(a)
      yield* pull(b)
      const name = manifestName(yield* a.id)
      const damaged = Uint8Array.from(world.bucket.objects.get(name)?.bytes ?? [])
      damaged[damaged.length - 1] = (damaged[damaged.length - 1] ?? 0) ^ 1
      plant(world.bucket, name, damaged)
      expect(yield* Effect.flip(pull(a))).toMatchObject({ _tag: "ManifestCorrupt" })
      expect((yield* pull(b)).problems).toMatchObject([{ kind: "manifest" }])
      yield* a.as(reset({ forgetKey: false }))
      yield* initDevice(a)
      yield* pull(a)
      yield* push(a)
      expect((yield* pull(b)).problems).toEqual([])
      expect(yield* commandsOf(b)).toEqual(["one"])
    })
  )
})

describe("forgetting", () => {
  it.scoped("a forgotten entry is gone from every device and from every byte of the store", () =>
    Effect.gen(function* () {
      const { a, b } = yield* pair
      yield* runs(a, "keep", "secret")
      yield* push(a)
      yield* pull(b)
      const secret = (yield* historyOf(b)).find((entry) => entry.command === "secret")
      yield* b.as(
        Effect.flatMap(HistoryDb, (db) =>
          db.log.forget({ ids: secret === undefined ? [] : [secret.id], twins: [], windows: [] })
        )
      )
      yield* push(b)
      yield* pull(a)
      yield* push(a)
      expect(yield* commandsOf(a)).toEqual(["keep"])
      expect(yield* commandsOf(b)).toEqual(["keep"])
      expect(yield* push(a)).toMatchObject({ operations: 0 })
    })
  )
})

describe("copies that file synchronisers leave", () => {
  it.scoped("are read as one more log of their device: the union of both", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      yield* runs(a, "one")
      yield* push(a)
      const name = manifestName(yield* a.id)
      const key = yield* keyOf(a)
      // Two machines with one id wrote through different folders: the synchroniser kept both files.
      const elsewhere = makeWorld()
      const vault = world.bucket.objects.get("vault.json")
      if (vault !== undefined) elsewhere.bucket.objects.set("vault.json", vault)
      const twin = yield* makeDevice(elsewhere, "a")
      yield* initDevice(twin, { key })
      yield* runs(twin, "of the copy")
      yield* push(twin)
      const copy = elsewhere.bucket.objects.get(name)?.bytes ?? new Uint8Array()
      plant(world.bucket, name.replace(".hxm", ".sync-conflict-20261122-101112-ABCDEFG.hxm"), copy)
      expect(yield* pull(b)).toMatchObject({ problems: [], absorbed: { added: 2 } })
      expect(yield* commandsOf(b)).toEqual(["of the copy", "one"])
      expect((yield* pull(b)).changed).toBe(0)
    })
  )
})
