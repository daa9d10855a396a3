import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Option } from "effect"
import type { Finding } from "../../src/store/Checks.ts"
import { plant } from "../../src/store/MemoryObjectStore.ts"
import type { ObjectStoreService } from "../../src/store/ObjectStore.ts"
import { StoreError, type StoreErrorReason } from "../../src/store/StoreError.ts"
import { folderLocation } from "../../src/store/StoreUrl.ts"
import { check, type CheckError, type CheckExtent } from "../../src/sync/Check.ts"
import { checkTarget } from "../../src/sync/CheckTarget.ts"
import { VAULT_DESCRIPTOR } from "../../src/sync/ObjectNames.ts"
import * as SyncState from "../../src/sync/SyncState.ts"
import { initDevice, joinAll, makeDevice, makeWorld, type TestDevice, type World } from "./World.ts"

const url = { location: folderLocation("/store"), credentials: Option.none() }

const checkAs = (device: TestDevice, extent: CheckExtent = "everything") =>
  device.as(
    Effect.gen(function* () {
      const target = yield* checkTarget(Option.some(url), Option.none())
      return yield* check(target, extent, () => Effect.void)
    })
  )

const outcomes = (findings: ReadonlyArray<Finding<CheckError>>) =>
  Object.fromEntries(findings.map(({ id, outcome }) => [id, outcome]))
const of = (findings: ReadonlyArray<Finding<CheckError>>, id: string) => findings.find((finding) => finding.id === id)

/** From now on the store refuses these operations for the given reason. */
const refuse = (world: World, operations: ReadonlyArray<"put" | "delete" | "get">, reason: StoreErrorReason) => {
  world.faults.wrap = (store): ObjectStoreService => {
    const fail = (operation: "put" | "delete" | "get", subject: string) =>
      Effect.fail(new StoreError({ reason, operation, subject }))
    return {
      ...store,
      ...(operations.includes("put") ? { put: (name: string) => fail("put", name) } : {}),
      ...(operations.includes("get") ? { get: (name: string) => fail("get", name) } : {}),
      ...(operations.includes("delete") ? { delete: (name: string) => fail("delete", name) } : {})
    }
  }
}

describe("a check", () => {
  it.scoped("of a store that works finds nothing to mend, and leaves nothing there", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const findings = yield* checkAs(yield* makeDevice(world, "a"))
      expect(outcomes(findings)).toEqual({
        list: "ok",
        put: "ok",
        get: "ok",
        delete: "ok",
        conditional: "ok",
        vault: "ok"
      })
      expect(of(findings, "vault")?.detail).toContain("none yet")
      expect([...world.bucket.objects.keys()]).toEqual([])
    })
  )

  it.scoped("never touches an object of the vault", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      yield* joinAll(a)
      const before = new Map(world.bucket.objects)
      expect(of(yield* checkAs(a), "vault")).toMatchObject({
        outcome: "ok",
        detail: expect.stringContaining("on this device")
      })
      expect(new Map(world.bucket.objects)).toEqual(before)
    })
  )

  it.scoped("where nothing may be written says so, tries what a pull would read, and leaves out what needs a put", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      yield* joinAll(a)
      refuse(world, ["put", "delete"], "AccessDenied")
      const findings = yield* checkAs(a)
      expect(outcomes(findings)).toEqual({
        list: "ok",
        put: "failed",
        get: "ok",
        delete: "skipped",
        conditional: "skipped",
        vault: "ok"
      })
      expect(of(findings, "put")?.cure).toContain("hx sync pull works all the same")
      expect(of(findings, "get")?.detail).toContain(VAULT_DESCRIPTOR)
    })
  )

  it.scoped("that only reads makes no write", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      refuse(world, ["put", "delete"], "ServerFailure")
      expect(outcomes(yield* checkAs(yield* makeDevice(world, "a"), "reading"))).toEqual({
        list: "ok",
        get: "ok",
        vault: "ok"
      })
    })
  )

  it.scoped("where nothing may be deleted tries the rest, and tells what stays", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      refuse(world, ["delete"], "AccessDenied")
      const findings = yield* checkAs(yield* makeDevice(world, "a"))
      expect(outcomes(findings)).toMatchObject({ delete: "failed", conditional: "ok", vault: "ok" })
      expect([...world.bucket.objects.keys()].every((name) => name.startsWith("probe-"))).toBe(true)
    })
  )

  it.scoped("whose put got no answer deletes all the same what may have arrived", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      world.faults.wrap = (store) => ({
        ...store,
        put: (name, bytes, options) =>
          Effect.zipRight(
            store.put(name, bytes, options),
            new StoreError({ reason: "ConnectionLost", operation: "put", subject: name })
          )
      })
      const findings = yield* checkAs(yield* makeDevice(world, "a"))
      expect(of(findings, "put")).toMatchObject({ outcome: "failed", error: { reason: "ConnectionLost" } })
      expect(of(findings, "get")).toMatchObject({ outcome: "skipped", blockedBy: "put" })
      expect([...world.bucket.objects.keys()]).toEqual([])
    })
  )

  it.scoped("that is interrupted deletes what it wrote", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      const reached = yield* Deferred.make<void>()
      world.faults.wrap = (store) => ({
        ...store,
        get: () => Effect.zipRight(Deferred.succeed(reached, undefined), Effect.never)
      })
      const fiber = yield* Effect.fork(checkAs(a))
      yield* Deferred.await(reached)
      expect(world.bucket.objects.size).toBe(1)
      yield* Fiber.interrupt(fiber)
      expect([...world.bucket.objects.keys()]).toEqual([])
    })
  )

  it.scoped("tells bytes that did not come back as they went", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      world.faults.wrap = (store) => ({
        ...store,
        get: (name, most) => Effect.map(store.get(name, most), (object) => ({ ...object, bytes: Buffer.from("other") }))
      })
      const findings = yield* checkAs(yield* makeDevice(world, "a"))
      expect(of(findings, "get")).toMatchObject({ outcome: "failed", error: { reason: "ServerFailure" } })
      expect([...world.bucket.objects.keys()]).toEqual([])
    })
  )

  it.scoped("finds out which conditions a store keeps, and where init had found otherwise", () =>
    Effect.gen(function* () {
      const careless = makeWorld({ create: "ignored", ifMatch: "ignored" })
      const findings = yield* checkAs(yield* makeDevice(careless, "a"))
      expect(of(findings, "conditional")).toMatchObject({ outcome: "ok", detail: expect.stringContaining("not kept") })

      const world = makeWorld({ create: "honoured", ifMatch: "unquoted" })
      const b = yield* makeDevice(world, "b")
      yield* joinAll(b)
      expect(of(yield* checkAs(b), "conditional")).toMatchObject({
        outcome: "ok",
        detail: expect.stringContaining("unquoted")
      })
      Object.assign(world.bucket, { conditions: { create: "honoured", ifMatch: "quoted" } })
      expect(of(yield* checkAs(b), "conditional")).toMatchObject({
        outcome: "warning",
        cure: expect.stringContaining("init")
      })
    })
  )
})

describe("the vault, as a check sees it", () => {
  it.scoped("is there, and its key is not", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      yield* joinAll(yield* makeDevice(world, "a"))
      const stranger = yield* makeDevice(world, "b")
      expect(of(yield* checkAs(stranger), "vault")).toMatchObject({
        outcome: "warning",
        cure: expect.stringContaining("--key-file")
      })
    })
  )

  it.scoped("is gone, is damaged, or is another one", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      yield* joinAll(a)
      const descriptor = world.bucket.objects.get(VAULT_DESCRIPTOR)?.bytes ?? Buffer.alloc(0)
      world.bucket.objects.delete(VAULT_DESCRIPTOR)
      expect(of(yield* checkAs(a), "vault")?.error).toMatchObject({ _tag: "ManifestCorrupt" })

      const text = Buffer.from(descriptor).toString()
      const mac = /"mac": ?"([0-9a-f])/.exec(text)?.[1]
      plant(world.bucket, VAULT_DESCRIPTOR, Buffer.from(text.replace(/("mac": ?")./, `$1${mac === "0" ? "1" : "0"}`)))
      expect(of(yield* checkAs(a), "vault")?.error).toMatchObject({ _tag: "ManifestCorrupt" })

      const elsewhere = makeWorld()
      yield* joinAll(yield* makeDevice(elsewhere, "z"))
      const other = elsewhere.bucket.objects.get(VAULT_DESCRIPTOR)
      if (other !== undefined) world.bucket.objects.set(VAULT_DESCRIPTOR, other)
      expect(of(yield* checkAs(a), "vault")?.error).toMatchObject({ _tag: "VaultMismatch" })
    })
  )
})

describe("which store is checked", () => {
  it.scoped("the one that is named; else the one in use; else the one that is set; else none", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      const other = { location: folderLocation("/other"), credentials: Option.none() }
      const found = (given: Option.Option<typeof url>, set: Option.Option<typeof url>) =>
        a.as(Effect.either(checkTarget(given, set)))
      expect(yield* found(Option.none(), Option.none())).toMatchObject({ left: { _tag: "NoStore" } })
      expect(yield* found(Option.none(), Option.some(other))).toMatchObject({ right: { location: other.location } })
      yield* initDevice(a)
      const bound = Option.getOrThrow(yield* a.as(SyncState.binding.get))
      expect(yield* found(Option.none(), Option.some(other))).toMatchObject({
        right: { location: url.location, binding: { value: { vaultId: bound.vaultId } } }
      })
      expect(yield* found(Option.some(other), Option.none())).toMatchObject({
        right: { location: other.location, binding: { _tag: "None" } }
      })
    })
  )
})
