import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Option, Redacted } from "effect"
import * as RecoveryKey from "../../src/format/RecoveryKey.ts"
import * as VaultDescriptor from "../../src/format/VaultDescriptor.ts"
import { type Conditions, plant } from "../../src/store/MemoryObjectStore.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { VAULT_DESCRIPTOR } from "../../src/sync/ObjectNames.ts"
import { reset } from "../../src/sync/Reset.ts"
import { VaultKeys } from "../../src/sync/VaultKeys.ts"
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

const run = (device: TestDevice, command: string, counter: number) =>
  Effect.flatMap(live(device, command, counter), (entry) => record(device, entry))

const passphrase = (text: string) => ({
  secrets: { key: Option.none(), passphrase: Option.some({ source: "the test", text: Redacted.make(text) }) }
})

describe("joining a vault", () => {
  it.scoped("without a key nothing is written, here or there", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      const b = yield* makeDevice(world, "b")
      yield* initDevice(a)
      const before = [...world.bucket.objects]
      expect(yield* Effect.flip(initDevice(b))).toMatchObject({ _tag: "KeyNeeded" })
      expect([...world.bucket.objects]).toEqual(before)
      expect(yield* Effect.flip(push(b))).toMatchObject({ _tag: "NoStore" })
    })
  )

  it.scoped("with another vault's key, a mistyped one or a text that is none, nothing is written either", () =>
    Effect.gen(function* () {
      const [world, elsewhere] = [makeWorld(), makeWorld()]
      const a = yield* makeDevice(world, "a")
      const b = yield* makeDevice(world, "b")
      const other = yield* initDevice(yield* makeDevice(elsewhere, "other"))
      const own = Option.getOrThrow((yield* initDevice(a)).recoveryKey)
      const before = [...world.bucket.objects]
      const mistyped = own.slice(0, -1) + (own.endsWith("q") ? "p" : "q")
      for (const key of [Option.getOrThrow(other.recoveryKey), mistyped, "nonsense", ""]) {
        expect(yield* Effect.flip(initDevice(b, { key }))).toMatchObject({ _tag: "WrongVaultKey" })
      }
      expect([...world.bucket.objects]).toEqual(before)
    })
  )

  it.scoped("the passphrase given at the founding opens the vault, another one does not", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      const b = yield* makeDevice(world, "b")
      yield* initDevice(a, passphrase("correct horse"))
      expect(yield* Effect.flip(initDevice(b, passphrase("wrong horse")))).toMatchObject({ _tag: "WrongVaultKey" })
      expect(yield* initDevice(b, passphrase("correct horse"))).toMatchObject({ outcome: "joined", encrypted: true })
    })
  )

  it.scoped("a vault.json from before the key was rotated is refused, and the new key is kept", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      const founded = yield* initDevice(a)
      const old = Option.getOrThrow(founded.recoveryKey)
      const oldKey = Either.getOrThrow(RecoveryKey.parse(old)).key
      const before = Option.getOrThrow(Option.fromNullable(world.bucket.objects.get(VAULT_DESCRIPTOR))).bytes
      const [newKey, at] = [new Uint8Array(32).fill(7), 1_763_834_400_000_000]
      const descriptor = yield* VaultDescriptor.decode(before)
      const rotated = VaultDescriptor.rotate(descriptor, { oldKey, newKey, accepted: [], at })
      plant(world.bucket, VAULT_DESCRIPTOR, VaultDescriptor.encode(rotated))
      const key = RecoveryKey.format(newKey, 2, founded.vaultId)
      yield* initDevice(a, { key })

      plant(world.bucket, VAULT_DESCRIPTOR, before)
      for (const options of [{}, { key: old }]) {
        expect(yield* Effect.flip(initDevice(a, options))).toMatchObject({ _tag: "ManifestCorrupt" })
      }
      const kept = yield* a.as(Effect.flatMap(VaultKeys, (keys) => keys.load(founded.vaultId)))
      expect(Option.getOrThrow(kept)).toMatchObject({ epoch: 2 })
    })
  )

  it.scoped("a vault whose key this device keeps never turns into one without encryption", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      const founded = yield* initDevice(a)
      const elsewhere = storeAt(world, "/elsewhere")
      const other = VaultDescriptor.create({ vaultId: "0".repeat(32), key: null, at: 0 })
      plant(elsewhere.bucket, VAULT_DESCRIPTOR, VaultDescriptor.encode(other))
      expect(yield* initDevice(a, { url: elsewhere.url, noEncrypt: true })).toMatchObject({ encrypted: false })

      const forged = VaultDescriptor.create({ vaultId: founded.vaultId, key: null, at: 0 })
      plant(world.bucket, VAULT_DESCRIPTOR, VaultDescriptor.encode(forged))
      for (const noEncrypt of [false, true]) {
        expect(yield* Effect.flip(initDevice(a, { noEncrypt }))).toMatchObject({ _tag: "ManifestCorrupt" })
      }
    })
  )

  it.scoped("a key where there is no vault is an error, and founds nothing", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      expect(yield* Effect.flip(initDevice(a, { key: "hx1whatever" }))).toMatchObject({ _tag: "VaultMismatch" })
      expect(world.bucket.objects.size).toBe(0)
    })
  )

  it.scoped("an encrypted vault is never downgraded", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      const b = yield* makeDevice(world, "b")
      yield* initDevice(a)
      expect(yield* Effect.flip(initDevice(b, { noEncrypt: true }))).toMatchObject({ _tag: "VaultMismatch" })
      // A store that replaces the descriptor by one without encryption fools nobody who knows the vault.
      const plain = makeWorld()
      yield* initDevice(yield* makeDevice(plain, "evil"), { noEncrypt: true })
      const descriptor = plain.bucket.objects.get(VAULT_DESCRIPTOR)
      if (descriptor !== undefined) world.bucket.objects.set(VAULT_DESCRIPTOR, descriptor)
      yield* a.as(reset({ forgetKey: false }))
      expect(yield* Effect.flip(initDevice(a))).toMatchObject({ _tag: "VaultMismatch" })
    })
  )

  it.scoped("without encryption two devices need no key at all", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      const b = yield* makeDevice(world, "b")
      expect(yield* initDevice(a, { noEncrypt: true })).toMatchObject({ encrypted: false, recoveryKey: Option.none() })
      yield* initDevice(b)
      yield* run(a, "one", 1)
      yield* push(a)
      yield* pull(b)
      expect(yield* commandsOf(b)).toEqual(["one"])
    })
  )

  it.scoped("init again changes nothing", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      yield* initDevice(a)
      yield* run(a, "one", 1)
      yield* push(a)
      const before = [...world.bucket.objects.keys()]
      expect(yield* initDevice(a)).toMatchObject({ outcome: "joined", pending: 0, recoveryKey: Option.none() })
      expect([...world.bucket.objects.keys()]).toEqual(before)
      expect(yield* push(a)).toMatchObject({ operations: 0 })
    })
  )
})

describe("founding a vault", () => {
  it.scoped("an interrupted founding finds its own vault and still shows the key", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      world.faults.wrap = (store) => ({
        ...store,
        put: (name, bytes, options) =>
          name === VAULT_DESCRIPTOR
            ? Effect.zipRight(store.put(name, bytes, options), Effect.die("killed"))
            : store.put(name, bytes, options)
      })
      yield* Effect.exit(initDevice(a))
      world.faults.wrap = (store) => store
      const report = yield* initDevice(a)
      expect(report.outcome).toBe("founded")
      const b = yield* makeDevice(world, "b")
      yield* initDevice(b, { key: Option.getOrThrow(report.recoveryKey) })
    })
  )

  it.scoped("of two devices that found at once, the second joins the first or is told to", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      const b = yield* makeDevice(world, "b")
      let first = true
      world.faults.wrap = (store) => ({
        ...store,
        put: (name, bytes, options) =>
          Effect.suspend(() => {
            if (name !== VAULT_DESCRIPTOR || !first) return store.put(name, bytes, options)
            first = false
            return Effect.zipRight(Effect.orDie(initDevice(b)), store.put(name, bytes, options))
          })
      })
      expect(yield* Effect.flip(initDevice(a))).toMatchObject({ _tag: "KeyNeeded" })
    })
  )

  it.scoped(
    "of two that a server let create vault.json at once, the one that was written over joins or is told to",
    () =>
      Effect.gen(function* () {
        const world = makeWorld()
        const a = yield* makeDevice(world, "a")
        const b = yield* makeDevice(world, "b")
        let first = true
        world.faults.wrap = (store) => ({
          ...store,
          put: (name, bytes, options) =>
            Effect.suspend(() => {
              if (name !== VAULT_DESCRIPTOR || !first) return store.put(name, bytes, options)
              first = false
              // The server had looked for both before it wrote either.
              return Effect.tap(store.put(name, bytes, options), () =>
                Effect.zipRight(
                  Effect.sync(() => world.bucket.objects.delete(VAULT_DESCRIPTOR)),
                  Effect.orDie(initDevice(b))
                )
              )
            })
        })
        expect(yield* Effect.flip(initDevice(a))).toMatchObject({ _tag: "KeyNeeded" })
        expect(yield* Effect.flip(push(a))).toMatchObject({ _tag: "NoStore" })
      })
  )

  it.scoped(
    "nothing is founded over manifests that lost their vault.json, but the vault's own device puts it back",
    () =>
      Effect.gen(function* () {
        const world = makeWorld()
        const a = yield* makeDevice(world, "a")
        const b = yield* makeDevice(world, "b")
        const c = yield* makeDevice(world, "c")
        const key = yield* joinAll(a, b)
        yield* run(a, "one", 1)
        yield* push(a)
        world.bucket.objects.delete(VAULT_DESCRIPTOR)
        expect(yield* Effect.flip(initDevice(c))).toMatchObject({ _tag: "ManifestCorrupt" })
        yield* initDevice(b)
        yield* initDevice(c, { key })
        yield* pull(c)
        expect(yield* commandsOf(c)).toEqual(["one"])
      })
  )

  it.scoped("a store that cannot be reached founds nothing and binds nothing", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      const refused = Effect.fail(new StoreError({ reason: "Refused", operation: "get", subject: "x" }))
      world.faults.wrap = (store) => ({ ...store, get: () => refused, put: () => refused })
      expect(yield* Effect.flip(initDevice(a))).toMatchObject({ reason: "Refused" })
      expect(yield* Effect.flip(push(a))).toMatchObject({ _tag: "NoStore" })
    })
  )
})

describe("moving to an empty store", () => {
  it.scoped("keeps the vault and publishes all that this device knows, other devices' entries included", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      const b = yield* makeDevice(world, "b")
      const key = yield* joinAll(a, b)
      yield* run(a, "of a", 1)
      yield* push(a)
      yield* run(b, "of b", 2)
      yield* pull(b)
      // The store is emptied: for b that is a new one.
      world.bucket.objects.clear()
      expect(yield* initDevice(b)).toMatchObject({ outcome: "moved", pending: 2 })
      yield* push(b)
      const c = yield* makeDevice(world, "c")
      yield* initDevice(c, { key })
      yield* pull(c)
      expect(yield* commandsOf(c)).toEqual(["of a", "of b"])
      yield* a.as(reset({ forgetKey: false }))
      yield* initDevice(a)
      yield* pull(a)
      yield* push(a)
      yield* pull(c)
      expect(yield* historyOf(c)).toEqual(yield* historyOf(a))
    })
  )
})

describe("what the store can do", () => {
  const stores: ReadonlyArray<readonly [string, Conditions, object]> = [
    ["as AWS does it", { create: "honoured", ifMatch: "quoted" }, { createOnly: true, ifMatch: "quoted" }],
    ["If-Match without quotes", { create: "honoured", ifMatch: "unquoted" }, { createOnly: true, ifMatch: "unquoted" }],
    ["conditions ignored", { create: "ignored", ifMatch: "ignored" }, { createOnly: false, ifMatch: "none" }],
    ["conditions refused", { create: "unsupported", ifMatch: "unsupported" }, { createOnly: false, ifMatch: "none" }],
    ["create only", { create: "honoured", ifMatch: "ignored" }, { createOnly: true, ifMatch: "none" }]
  ]
  it.scoped.each(stores)("is found out by trying, and sync works: %s", ([, conditions, capabilities]) =>
    Effect.gen(function* () {
      const world = makeWorld(conditions)
      const a = yield* makeDevice(world, "a")
      const b = yield* makeDevice(world, "b")
      const founded = yield* initDevice(a)
      expect(founded.capabilities).toEqual(capabilities)
      expect([...world.bucket.objects.keys()]).toEqual([VAULT_DESCRIPTOR])
      yield* initDevice(b, { key: Option.getOrThrow(founded.recoveryKey) })
      for (let round = 1; round <= 3; round++) {
        yield* run(a, `of a ${round}`, round)
        yield* push(a)
        yield* run(b, `of b ${round}`, 10 + round)
        yield* pull(b)
        yield* push(b)
        yield* pull(a)
      }
      expect(yield* commandsOf(b)).toHaveLength(6)
      expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
    })
  )

  it.scoped("where conditions are ignored, a clone is still noticed before and after writing", () =>
    Effect.gen(function* () {
      const world = makeWorld({ create: "ignored", ifMatch: "ignored" })
      const a = yield* makeDevice(world, "a")
      const key = Option.getOrThrow((yield* initDevice(a)).recoveryKey)
      const clone = yield* makeDevice(world, "a")
      const shared = yield* live(a, "shared", 1)
      yield* record(a, shared)
      yield* record(clone, shared)
      yield* push(a)
      yield* initDevice(clone, { key })
      yield* run(a, "original", 2)
      yield* push(a)
      yield* run(clone, "clone", 3)
      expect((yield* push(clone)).forks).toHaveLength(1)
      yield* pull(clone)
      yield* pull(a)
      expect(yield* commandsOf(a)).toEqual(["clone", "original", "shared"])
      expect(yield* commandsOf(clone)).toEqual(yield* commandsOf(a))
    })
  )
})

describe("two vaults founded in one folder, before a synchroniser had shown the first to the second", () => {
  it.scoped(
    "are told as such by the device whose vault.json was lost; it joins the other one, and nothing is lost",
    () =>
      Effect.gen(function* () {
        const world = makeWorld()
        const elsewhere = makeWorld()
        const a = yield* makeDevice(world, "a")
        const b = yield* makeDevice(elsewhere, "b")
        yield* initDevice(a)
        const key = Option.getOrThrow((yield* initDevice(b)).recoveryKey)
        yield* run(a, "of a", 1)
        yield* push(a)
        yield* run(b, "of b", 2)
        yield* push(b)
        for (const [name, { bytes }] of elsewhere.bucket.objects) plant(world.bucket, name, bytes)
        elsewhere.registry.clear()
        for (const [place, bucket] of world.registry) elsewhere.registry.set(place, bucket)
        const { problems } = yield* pull(a)
        expect(problems).toHaveLength(1)
        expect(problems[0]?.detail).toContain("vault.json, too, is that of another vault than this device is in")
        yield* initDevice(a, { key })
        yield* push(a)
        for (const device of [a, b]) expect(yield* pull(device)).toMatchObject({ problems: [] })
        expect(yield* commandsOf(a)).toEqual(["of a", "of b"])
        expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
      })
  )
})
