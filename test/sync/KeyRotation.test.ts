import { it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import { describe, expect } from "vitest"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { inspect, manifestContext } from "../../src/format/Envelope.ts"
import { format } from "../../src/format/RecoveryKey.ts"
import { readableJson } from "../../src/format/Json.ts"
import { plant } from "../../src/store/MemoryObjectStore.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { knownVault } from "../../src/sync/KnownVault.ts"
import { reset } from "../../src/sync/Reset.ts"
import { runPassphrase, runRotation } from "../../src/sync/Sync.ts"
import * as SyncState from "../../src/sync/SyncState.ts"
import { runVerify } from "../../src/sync/Verify.ts"
import { recoveryKeyOf, VaultKeys } from "../../src/sync/VaultKeys.ts"
import { manifestName } from "../../src/sync/ObjectNames.ts"
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
  requestsOf,
  type TestDevice,
  type World
} from "./World.ts"

const rotate = (device: TestDevice) => device.as(runRotation)

const setPassphrase = (device: TestDevice, text: string | null) =>
  device.as(runPassphrase(text === null ? null : Redacted.make(text)))

const runs = (device: TestDevice, command: string, counter: number) =>
  Effect.flatMap(live(device, command, counter), (entry) => record(device, entry))

/** The key epoch in an object's header. */
const epochOf = (world: World, device: TestDevice) =>
  Effect.flatMap(device.id, (id) =>
    Effect.map(
      inspect(world.bucket.objects.get(manifestName(id))?.bytes ?? new Uint8Array(0), manifestContext(id)),
      ({ epoch }) => epoch
    )
  )

const epochsInStore = (world: World) =>
  Effect.forEach(
    [...world.bucket.objects].filter(([name]) => name !== "vault.json"),
    ([, { bytes }]) => Effect.map(inspect(bytes, manifestContext("00".repeat(16) as never)), ({ epoch }) => epoch)
  )

const keyOf = (device: TestDevice) =>
  device.as(
    Effect.gen(function* () {
      const binding = Option.getOrThrow(yield* SyncState.binding.get)
      const keys = yield* VaultKeys
      return Option.getOrThrow(recoveryKeyOf(yield* keys.keyring(binding.vaultId, true)))
    })
  )

const nextOf = (device: TestDevice) =>
  device.as(
    Effect.gen(function* () {
      const binding = Option.getOrThrow(yield* SyncState.binding.get)
      const keys = yield* VaultKeys
      return Option.getOrNull(yield* keys.next(binding.vaultId))
    })
  )

/** Everything in the store, by name. */
const contentOf = (world: World) =>
  new Map([...world.bucket.objects].map(([name, { bytes }]) => [name, Buffer.from(bytes).toString("base64")]))

const vaultJson = (world: World) =>
  JSON.parse(Buffer.from(world.bucket.objects.get("vault.json")?.bytes ?? []).toString()) as Record<string, unknown>

/** Two devices in one vault, each with something published. */
const pair = Effect.gen(function* () {
  const world = makeWorld()
  const a = yield* makeDevice(world, "a")
  const b = yield* makeDevice(world, "b")
  const key = yield* joinAll(a, b)
  yield* runs(a, "of a", 1)
  yield* runs(b, "of b", 2)
  for (const device of [a, b, a]) {
    yield* pull(device)
    yield* push(device)
  }
  return { world, a, b, key }
})

describe("key rotate", () => {
  it.scoped("gives a new random key, and seals everything of this device under it", () =>
    Effect.gen(function* () {
      const { a, b, key, world } = yield* pair
      const report = yield* rotate(a)
      expect(report).toMatchObject({ epoch: 2, resumed: false, others: 1, problems: [], pushed: { published: true } })
      expect(report.recoveryKey).toMatch(/^hx1[0-9a-z]{72}$/)
      expect(report.recoveryKey).not.toBe(key)
      expect(yield* keyOf(a)).toBe(report.recoveryKey)
      expect([yield* epochOf(world, a), yield* epochOf(world, b)]).toEqual([2, 1])
      expect(yield* nextOf(a)).toBeNull()
      expect(yield* push(a)).toMatchObject({ published: false })
      expect(vaultJson(world)).toMatchObject({ epoch: 2, sequence: 2, passphrase: null })
      // A new device reads what both have published, though b has not joined again.
      const c = yield* makeDevice(world, "c")
      yield* initDevice(c, { key: report.recoveryKey })
      expect(yield* pull(c)).toMatchObject({ problems: [], devices: 2 })
      expect(yield* commandsOf(c)).toEqual(["of a", "of b"])
    })
  )

  it.scoped(
    "rewrites segments, deletes the old ones at once, also those that waited for readers, and leaves no orphan",
    () =>
      Effect.gen(function* () {
        const world = makeWorld()
        const a = yield* makeDevice(world, "a", { inlineTail: 128 })
        const b = yield* makeDevice(world, "b")
        yield* joinAll(a, b)
        for (let round = 0; round < 10; round++) {
          for (let n = 0; n < 4; n++)
            yield* runs(a, `${round} ${n} ${"x".repeat(40)} ${Math.sin(round * 4 + n)}`, round * 4 + n)
          yield* push(a)
        }
        yield* pull(b)
        const waiting = yield* a.as(SyncState.debtsOrNone)
        expect(waiting.length).toBeGreaterThan(0)
        const before = [...world.bucket.objects.keys()].filter((name) => name.startsWith("segments/"))
        expect(before.length).toBeGreaterThan(1)
        const report = yield* rotate(a)
        expect(report.pushed.deleted).toBe(before.length)
        for (const name of before) expect(world.bucket.objects.has(name)).toBe(false)
        expect(yield* epochsInStore(world)).toEqual(expect.not.arrayContaining([1]))
        const named = Option.getOrThrow(yield* a.as(SyncState.publication.get)).segments.length
        expect([...world.bucket.objects.keys()].filter((name) => name.startsWith("segments/"))).toHaveLength(named)
        expect(yield* a.as(SyncState.debtsOrNone)).toEqual([])
        yield* initDevice(b, { key: report.recoveryKey })
        expect(yield* pull(b)).toMatchObject({ problems: [] })
        expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
      })
  )

  it.scoped(
    "stops the other devices: pull and push say so, and ask the store nothing more, until they have the new key",
    () =>
      Effect.gen(function* () {
        const { a, b, world } = yield* pair
        const { recoveryKey } = yield* rotate(a)
        yield* runs(b, "meanwhile", 3)
        expect(yield* push(b)).toMatchObject({ published: true })
        const refused = yield* Effect.flip(pull(b))
        expect(refused).toMatchObject({ _tag: "VaultKeyRotated", epoch: 2 })
        expect(refused.message).toMatch(/^The vault's key was rotated on \d{4}-\d\d-\d\d/)
        expect(yield* requestsOf(b, Effect.flip(pull(b)))).toEqual([])
        expect(yield* requestsOf(b, Effect.flip(push(b, true)))).toEqual([])
        expect(yield* Effect.flip(rotate(b))).toMatchObject({ _tag: "VaultKeyRotated" })
        expect(yield* commandsOf(b)).toEqual(["meanwhile", "of a", "of b"])

        yield* initDevice(b, { key: recoveryKey })
        expect(yield* pull(b)).toMatchObject({ problems: [] })
        expect(yield* push(b)).toMatchObject({ published: true })
        expect(yield* epochsInStore(world)).toEqual([2, 2])
        expect(yield* pull(a)).toMatchObject({ problems: [], absorbed: { added: 1 } })
        expect(yield* historyOf(a)).toEqual(yield* historyOf(b))
        for (const device of [a, b]) expect(yield* requestsOf(device, pull(device))).toEqual(["list"])
      })
  )

  it.scoped("of a device that has published nothing is heard of all the same", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      const b = yield* makeDevice(world, "b")
      yield* joinAll(a, b)
      yield* rotate(a)
      expect(yield* Effect.flip(pull(b))).toMatchObject({ _tag: "VaultKeyRotated" })
    })
  )

  it.scoped("can be done again and again; a device that missed two rotations needs the newest key only", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      yield* rotate(a)
      const { epoch, recoveryKey } = yield* rotate(a)
      expect(epoch).toBe(3)
      expect(yield* Effect.flip(pull(b))).toMatchObject({ _tag: "VaultKeyRotated", epoch: 3 })
      const c = yield* makeDevice(world, "c")
      yield* initDevice(c, { key: recoveryKey })
      yield* pull(c)
      expect(yield* commandsOf(c)).toEqual(["of a", "of b"])
      yield* initDevice(b, { key: recoveryKey })
      yield* push(b)
      expect(yield* epochsInStore(world)).toEqual([3, 3])
    })
  )

  it.scoped("killed once vault.json names the new key is gone on with, whatever is run first", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      world.faults.wrap = (store) => ({
        ...store,
        put: (name, bytes, options) =>
          Effect.zipLeft(store.put(name, bytes, options), name === "vault.json" ? Effect.die("killed") : Effect.void)
      })
      yield* Effect.exit(rotate(a))
      world.faults.wrap = (store) => store
      const next = yield* nextOf(a)
      expect(next).not.toBeNull()
      const { findings } = yield* a.as(runVerify({ repair: false }))
      expect(findings).toEqual([])
      yield* runs(b, "later of b", 3)
      yield* push(b)
      expect((yield* Effect.either(pull(a)))._tag).toBe("Right")
      yield* push(a)
      expect([yield* epochOf(world, a), yield* nextOf(a)]).toEqual([2, null])
    })
  )

  it.scoped("killed half-way leaves a key that reset --forget-key does not take away: nobody else has it", () =>
    Effect.gen(function* () {
      const { a, world } = yield* pair
      world.faults.wrap = (store) => ({
        ...store,
        put: (name, bytes, options) =>
          Effect.zipLeft(store.put(name, bytes, options), name === "vault.json" ? Effect.die("killed") : Effect.void)
      })
      yield* Effect.exit(rotate(a))
      world.faults.wrap = (store) => store
      const documents = yield* documentsOf(a)
      expect(yield* Effect.flip(a.as(reset({ forgetKey: true })))).toMatchObject({ _tag: "VaultMismatch" })
      expect(yield* documentsOf(a)).toEqual(documents)
      yield* rotate(a)
      expect(yield* a.as(reset({ forgetKey: true }))).toMatchObject({ keyForgotten: true })
    })
  )

  it.scoped("of a vault without encryption is refused, and changes nothing", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      yield* initDevice(a, { noEncrypt: true })
      const before = contentOf(world)
      expect(yield* Effect.flip(rotate(a))).toMatchObject({ _tag: "VaultMismatch" })
      expect(yield* Effect.flip(setPassphrase(a, "seven words of no meaning"))).toMatchObject({ _tag: "VaultMismatch" })
      expect(contentOf(world)).toEqual(before)
    })
  )
})

describe("a rotation whose requests fail", () => {
  const faults = [
    { kind: "before they take effect", arrives: false },
    { kind: "after they have taken effect", arrives: true }
  ]
  it.scoped.each(faults)("one after the other, $kind, ends with the key that it began with", ({ arrives }) =>
    Effect.gen(function* () {
      for (let failing = 1; ; failing++) {
        const { a, b, world } = yield* pair
        yield* runs(a, "pending", 8)
        let [count, failed] = [0, false]
        world.faults.wrap = (store) => {
          const each = <A>(name: string, effect: Effect.Effect<A, StoreError>) =>
            Effect.suspend(() => {
              if (++count !== failing) return effect
              failed = true
              const failure = new StoreError({ reason: "ConnectionLost", operation: "put", subject: name })
              return arrives ? Effect.zipRight(effect, failure) : failure
            })
          return {
            ...store,
            get: (name, most) => each(name, store.get(name, most)),
            put: (name, bytes, options) => each(name, store.put(name, bytes, options)),
            delete: (name) => each(name, store.delete(name))
          }
        }
        const first = yield* Effect.either(rotate(a))
        world.faults.wrap = (store) => store
        const begun = yield* nextOf(a)
        const words = `request ${failing}`
        if (begun === null && first._tag === "Left") yield* rotate(a)
        else yield* push(a)
        expect(yield* nextOf(a), words).toBeNull()
        const key = yield* keyOf(a)
        if (begun !== null) expect(key, words).toBe(format(begun.key, begun.epoch, yield* vaultOf(a)))
        if (first._tag === "Right") expect(key, words).toBe(first.right.recoveryKey)
        expect([yield* epochOf(world, a), vaultJson(world)["epoch"]], words).toEqual([2, 2])
        yield* initDevice(b, { key })
        expect(yield* pull(b), words).toMatchObject({ problems: [] })
        expect(yield* historyOf(b), words).toEqual(yield* historyOf(a))
        if (!failed) return expect(failing).toBeGreaterThan(5)
      }
    })
  )
})

const vaultOf = (device: TestDevice) =>
  device.as(Effect.map(SyncState.binding.get, (binding) => Option.getOrThrow(binding).vaultId))

describe("two devices that rotate at once", () => {
  it.scoped("one wins, the other is told and drops its key; nothing is lost", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      let raced = false
      world.faults.wrap = (store) => ({
        ...store,
        put: (name, bytes, options) =>
          Effect.gen(function* () {
            if (name === "vault.json" && !raced) {
              raced = true
              yield* Effect.orDie(rotate(b))
            }
            return yield* store.put(name, bytes, options)
          })
      })
      expect(yield* Effect.flip(rotate(a))).toMatchObject({ _tag: "VaultKeyRotated", epoch: 2 })
      world.faults.wrap = (store) => store
      expect(yield* nextOf(a)).toBeNull()
      expect(yield* Effect.flip(push(a, true))).toMatchObject({ _tag: "VaultKeyRotated" })
      yield* initDevice(a, { key: yield* keyOf(b) })
      yield* pull(a)
      yield* push(a)
      yield* pull(b)
      expect(yield* historyOf(a)).toEqual(yield* historyOf(b))
      expect(yield* epochsInStore(world)).toEqual([2, 2])
    })
  )

  it.scoped(
    "in a store that knows no conditions, the one whose key was written over finds out and joins with the other",
    () =>
      Effect.gen(function* () {
        const world = makeWorld({ create: "ignored", ifMatch: "ignored" })
        const a = yield* makeDevice(world, "a")
        const b = yield* makeDevice(world, "b")
        yield* joinAll(a, b)
        yield* runs(a, "of a", 1)
        yield* runs(b, "of b", 2)
        for (const device of [a, b, a]) {
          yield* pull(device)
          yield* push(device)
        }
        let raced = false
        world.faults.wrap = (store) => ({
          ...store,
          put: (name, bytes, options) =>
            Effect.gen(function* () {
              if (name === "vault.json" && !raced) {
                raced = true
                yield* Effect.orDie(rotate(a))
              }
              return yield* store.put(name, bytes, options)
            })
        })
        const won = yield* rotate(b)
        world.faults.wrap = (store) => store
        expect(yield* Effect.flip(pull(a))).toMatchObject({ _tag: "VaultKeyRotated", epoch: 2 })
        expect((yield* pull(b)).problems).toHaveLength(1)
        yield* initDevice(a, { key: won.recoveryKey })
        expect(yield* push(a)).toMatchObject({ published: true })
        expect(yield* pull(b)).toMatchObject({ problems: [] })
        expect(yield* pull(a)).toMatchObject({ problems: [] })
        expect(yield* historyOf(a)).toEqual(yield* historyOf(b))
      })
  )

  it.scoped("a passphrase set by one device while another rotates does not bring the old key back", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      let raced = false
      world.faults.wrap = (store) => ({
        ...store,
        put: (name, bytes, options) =>
          Effect.gen(function* () {
            if (name === "vault.json" && !raced) {
              raced = true
              yield* Effect.orDie(rotate(b))
            }
            return yield* store.put(name, bytes, options)
          })
      })
      expect(yield* Effect.flip(setPassphrase(a, "seven words of no meaning"))).toMatchObject({
        _tag: "VaultKeyRotated"
      })
      expect(vaultJson(world)).toMatchObject({ epoch: 2, passphrase: null })
    })
  )
})

describe("what was rotated is not rotated back", () => {
  it.scoped("an old vault.json is refused where it is read, also by a device that only heard of the new key", () =>
    Effect.gen(function* () {
      const { a, b, key, world } = yield* pair
      const old = Uint8Array.from(world.bucket.objects.get("vault.json")?.bytes ?? [])
      const { recoveryKey } = yield* rotate(a)
      yield* Effect.flip(pull(b))
      plant(world.bucket, "vault.json", old)
      const before = contentOf(world)
      for (const device of [a, b]) {
        expect(yield* Effect.flip(initDevice(device))).toMatchObject({ _tag: "ManifestCorrupt", name: "vault.json" })
        expect(yield* Effect.flip(initDevice(device, { key }))).toMatchObject({ _tag: "ManifestCorrupt" })
      }
      expect(yield* Effect.flip(rotate(a))).toMatchObject({ _tag: "ManifestCorrupt" })
      expect(yield* Effect.flip(setPassphrase(a, "seven words of no meaning"))).toMatchObject({
        _tag: "ManifestCorrupt"
      })
      expect(contentOf(world)).toEqual(before)
      expect(recoveryKey).not.toBe(key)
    })
  )

  it.scoped(
    "where it is gone, a device with the old key does not make it anew, and one with the new key does so with all that it knew",
    () =>
      Effect.gen(function* () {
        const { a, b, world } = yield* pair
        const { recoveryKey } = yield* rotate(a)
        yield* Effect.flip(pull(b))
        world.bucket.objects.delete("vault.json")
        expect(yield* Effect.flip(initDevice(b))).toMatchObject({ _tag: "VaultKeyRotated" })
        expect(world.bucket.objects.has("vault.json")).toBe(false)
        yield* initDevice(a)
        expect(vaultJson(world)).toMatchObject({ epoch: 2, sequence: 3 })
        const c = yield* makeDevice(world, "c")
        yield* initDevice(c, { key: recoveryKey })
        expect(yield* pull(c)).toMatchObject({ problems: [] })
        expect(yield* commandsOf(c)).toEqual(["of a", "of b"])
      })
  )

  it.scoped("one that goes back within the same key, to an old passphrase, is refused too", () =>
    Effect.gen(function* () {
      const { a, world } = yield* pair
      yield* setPassphrase(a, "the first one of them")
      const old = Uint8Array.from(world.bucket.objects.get("vault.json")?.bytes ?? [])
      expect(yield* setPassphrase(a, "the second of them all")).toMatchObject({ outcome: "changed" })
      plant(world.bucket, "vault.json", old)
      expect(yield* Effect.flip(setPassphrase(a, null))).toMatchObject({ _tag: "ManifestCorrupt" })
      expect(yield* Effect.flip(initDevice(a))).toMatchObject({ _tag: "ManifestCorrupt" })
      expect(yield* Effect.flip(rotate(a))).toMatchObject({ _tag: "ManifestCorrupt" })
    })
  )

  it.scoped("a rotation that nobody who had the key has made stops no device: it is damage", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      yield* rotate(a)
      const { checksum: _checksum, rotations: _rotations, ...rest } = vaultJson(world)
      expect(_rotations).toHaveLength(1)
      const { createHash } = yield* Effect.promise(() => import("node:crypto"))
      const { canonicalJson } = yield* Effect.promise(() => import("../../src/format/Json.ts"))
      const forged = {
        ...rest,
        checksum: createHash("sha256")
          .update(canonicalJson(rest as never))
          .digest("hex")
      }
      plant(world.bucket, "vault.json", Buffer.from(readableJson(forged as never)))
      expect(yield* Effect.flip(pull(b))).toMatchObject({ _tag: "ManifestCorrupt", name: "vault.json" })
    })
  )
})

describe("after a rotation, who has only the old key", () => {
  /** What a lost device had: its own copy of the store's credentials and keys, from before the rotation. */
  const lost = Effect.gen(function* () {
    const world = makeWorld()
    const a = yield* makeDevice(world, "a")
    const b = yield* makeDevice(world, "b")
    const thief = yield* makeDevice(world, "thief")
    const key = yield* joinAll(a, b, thief)
    yield* runs(a, "of a", 1)
    yield* runs(b, "of b", 2)
    yield* runs(thief, "before the loss", 3)
    for (const device of [a, b, thief, a]) {
      yield* pull(device)
      yield* push(device)
    }
    return { world, a, b, thief, key }
  })

  it.scoped("reads what it could read, and nothing newer", () =>
    Effect.gen(function* () {
      const { a, thief } = yield* lost
      yield* rotate(a)
      yield* runs(a, "after the loss", 4)
      yield* push(a)
      expect(yield* Effect.flip(pull(thief))).toMatchObject({ _tag: "VaultKeyRotated" })
      expect(yield* commandsOf(thief)).toEqual(["before the loss", "of a", "of b"])
    })
  )

  it.scoped("publishes what nobody believes: it is reported, and what is known of that device stays", () =>
    Effect.gen(function* () {
      const { a, b, thief, world } = yield* lost
      const { recoveryKey } = yield* rotate(a)
      yield* initDevice(b, { key: recoveryKey })
      yield* push(b)
      yield* runs(thief, "after the loss", 5)
      yield* push(thief)
      const c = yield* makeDevice(world, "c")
      yield* initDevice(c, { key: recoveryKey })
      for (const device of [a, b, c]) {
        const { problems } = yield* pull(device)
        expect(problems).toMatchObject([{ kind: "manifest", name: manifestName(yield* thief.id) }])
        expect(problems[0]?.detail).toContain("key number 1")
        expect(yield* commandsOf(device)).not.toContain("after the loss")
      }
      expect(yield* commandsOf(a)).toContain("before the loss")
      // By force neither: that is for a store that went back, not for what nobody vouches for.
      expect((yield* pull(a, true)).problems).toHaveLength(1)
      expect(yield* commandsOf(a)).not.toContain("after the loss")
    })
  )

  it.scoped("cannot make another device's manifest, not even with the number that was accepted", () =>
    Effect.gen(function* () {
      const { a, b, thief, world } = yield* lost
      const name = manifestName(yield* b.id)
      const genuine = Uint8Array.from(world.bucket.objects.get(name)?.bytes ?? [])
      // It plays b: same id, same number, other content, under the key that it has.
      const { forgeAs } = yield* Effect.promise(() => import("./Forge.ts"))
      const forged = yield* forgeAs(thief, yield* b.id, genuine, "planted")
      const { recoveryKey } = yield* rotate(a)
      plant(world.bucket, name, forged)
      const c = yield* makeDevice(world, "c")
      yield* initDevice(c, { key: recoveryKey })
      expect((yield* pull(c)).problems).toMatchObject([{ kind: "manifest", name }])
      expect(yield* commandsOf(c)).toEqual(["before the loss", "of a"])
      expect((yield* pull(a)).problems).toMatchObject([{ name }])
      // The genuine one is believed as before.
      plant(world.bucket, name, genuine)
      expect(yield* pull(c)).toMatchObject({ problems: [] })
      expect(yield* commandsOf(c)).toEqual(["before the loss", "of a", "of b"])
    })
  )

  it.scoped("cannot make a device that has the new key step aside or go back to the old one", () =>
    Effect.gen(function* () {
      const { a, b, thief, world } = yield* lost
      const { recoveryKey } = yield* rotate(a)
      yield* initDevice(b, { key: recoveryKey })
      const id = yield* b.id
      const genuine = Uint8Array.from(world.bucket.objects.get(manifestName(id))?.bytes ?? [])
      const { forgeAs } = yield* Effect.promise(() => import("./Forge.ts"))
      // Before b has published under the new key, and after.
      for (const published of [false, true]) {
        if (published) {
          yield* push(b, true)
          yield* pull(a)
        }
        plant(world.bucket, manifestName(id), yield* forgeAs(thief, id, genuine, "planted", 1000))
        expect(yield* Effect.flip(pull(b))).toMatchObject({ _tag: "ManifestCorrupt" })
        expect(yield* b.id).toBe(id)
        expect(yield* commandsOf(b)).not.toContain("planted")
        expect((yield* pull(a)).problems).toHaveLength(1)
      }
      // The old one that was accepted, put back over the newer: a log's key never goes back.
      plant(world.bucket, manifestName(id), genuine)
      expect((yield* pull(a)).problems).toMatchObject([{ kind: "rollback" }])
      expect(yield* push(b, true)).toMatchObject({ published: true })
      expect(yield* pull(a)).toMatchObject({ problems: [] })
    })
  )

  it.scoped("plaintext is not believed either, whoever put it there", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* lost
      const plainWorld = makeWorld()
      const other = yield* makeDevice(plainWorld, "b")
      yield* initDevice(other, { noEncrypt: true })
      yield* runs(other, "in plain", 9)
      yield* push(other)
      const name = manifestName(yield* b.id)
      const bytes = plainWorld.bucket.objects.get(manifestName(yield* other.id))?.bytes
      plant(world.bucket, name, bytes ?? new Uint8Array(0))
      expect((yield* pull(a)).problems).toMatchObject([{ kind: "manifest", name }])
      expect(yield* commandsOf(a)).not.toContain("in plain")
    })
  )
})

describe("a wrong key", () => {
  it.scoped("kept on the device is refused by push, rotate and passphrase before anything is written", () =>
    Effect.gen(function* () {
      const { a, world } = yield* pair
      yield* runs(a, "pending", 7)
      yield* a.as(
        Effect.gen(function* () {
          const keys = yield* VaultKeys
          const { vaultId } = Option.getOrThrow(yield* SyncState.binding.get)
          yield* keys.save({ vaultId, encrypted: true, epoch: 1, keys: new Map([[1, new Uint8Array(32).fill(7)]]) })
        })
      )
      const before = contentOf(world)
      const documents = yield* documentsOf(a)
      const attempts: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
        push(a),
        push(a, true),
        pull(a),
        rotate(a),
        setPassphrase(a, "seven words of no meaning"),
        initDevice(a)
      ]
      for (const attempt of attempts) {
        expect(yield* Effect.flip(attempt)).toMatchObject({ _tag: "WrongVaultKey" })
        expect(contentOf(world)).toEqual(before)
        expect(yield* documentsOf(a)).toEqual(documents)
        expect(yield* nextOf(a)).toBeNull()
      }
    })
  )
})

/** What sync remembers on a device, but for when it last failed. */
const documentsOf = (device: TestDevice) =>
  device.as(
    Effect.gen(function* () {
      const db = yield* HistoryDb
      const names = ["binding", "publication", "intents", "debts", "floor", "vaults", "vault", "founding", "left"]
      return yield* Effect.forEach(names, (name) => db.documents.get(`sync.${name}`))
    })
  )

describe("the passphrase", () => {
  it.scoped("is set, changed and removed; each opens the vault until it is replaced", () =>
    Effect.gen(function* () {
      const { a, world } = yield* pair
      const open = (text: string) =>
        Effect.gen(function* () {
          const guest = yield* makeDevice(world, `guest ${text}`)
          return yield* initDevice(guest, {
            secrets: { key: Option.none(), passphrase: Option.some({ source: "the test", text: Redacted.make(text) }) }
          })
        })
      expect(yield* setPassphrase(a, "the first one of them")).toMatchObject({ outcome: "set", epoch: 1 })
      expect(yield* open("the first one of them")).toMatchObject({ outcome: "joined" })
      expect(yield* setPassphrase(a, "the second of them all")).toMatchObject({ outcome: "changed" })
      expect(yield* Effect.flip(open("the first one of them"))).toMatchObject({ _tag: "WrongVaultKey" })
      expect(yield* open("the second of them all")).toMatchObject({ outcome: "joined" })
      expect(yield* setPassphrase(a, null)).toMatchObject({ outcome: "removed" })
      expect(yield* setPassphrase(a, null)).toMatchObject({ outcome: "none" })
      expect(yield* Effect.flip(open("the second of them all"))).toMatchObject({ _tag: "WrongVaultKey" })
      expect(vaultJson(world)).toMatchObject({ sequence: 4, passphrase: null, epoch: 1 })
    })
  )

  it.scoped("is gone with a rotation; the new one brings a device back that has the old key", () =>
    Effect.gen(function* () {
      const { a, b } = yield* pair
      yield* setPassphrase(a, "the first one of them")
      expect(yield* rotate(a)).toMatchObject({ passphraseGone: true })
      const join = (text: string) =>
        initDevice(b, {
          secrets: { key: Option.none(), passphrase: Option.some({ source: "the test", text: Redacted.make(text) }) }
        })
      expect(yield* Effect.flip(join("the first one of them"))).toMatchObject({ _tag: "WrongVaultKey" })
      yield* setPassphrase(a, "the second of them all")
      yield* join("the second of them all")
      expect(yield* push(b)).toMatchObject({ published: true })
      expect(yield* pull(b)).toMatchObject({ problems: [] })
    })
  )

  it.scoped("that was written though the answer was lost is not written twice", () =>
    Effect.gen(function* () {
      const { a, world } = yield* pair
      world.faults.wrap = (store) => ({
        ...store,
        put: (name, bytes, options) =>
          Effect.zipRight(
            store.put(name, bytes, options),
            new StoreError({ reason: "ConnectionLost", operation: "put", subject: name })
          )
      })
      expect(yield* setPassphrase(a, "seven words of no meaning")).toMatchObject({ outcome: "set" })
      expect(vaultJson(world)).toMatchObject({ sequence: 2 })
    })
  )
})

describe("what is remembered of vault.json", () => {
  it.scoped("comes back with one request where it was lost", () =>
    Effect.gen(function* () {
      const { a } = yield* pair
      yield* rotate(a)
      const binding = Option.getOrThrow(yield* a.as(SyncState.binding.get))
      yield* a.as(Effect.flatMap(HistoryDb, (db) => db.documents.remove("sync.vaults")))
      expect(yield* a.as(knownVault(binding))).toBeNull()
      expect(yield* requestsOf(a, pull(a))).toEqual(["get", "list"])
      expect(yield* a.as(knownVault(binding))).toMatchObject({ epoch: 2, sequence: 2, epochs: [{ epoch: 1 }] })
    })
  )
})
