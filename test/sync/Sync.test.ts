import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Layer } from "effect"
import { Settings } from "../../src/platform/Settings.ts"
import { Stores } from "../../src/store/Stores.ts"
import { manifestName } from "../../src/sync/ObjectNames.ts"
import { reset } from "../../src/sync/Reset.ts"
import { status } from "../../src/sync/Status.ts"
import { runPush } from "../../src/sync/Sync.ts"
import { SyncTuning } from "../../src/sync/SyncTuning.ts"
import { VaultKeys } from "../../src/sync/VaultKeys.ts"
import { initDevice, joinAll, live, makeDevice, makeWorld, pull, push, record } from "./World.ts"

/** Opening any store is a bug. */
const noStores = Layer.succeed(Stores, {
  open: () => Effect.dieMessage("a store was opened"),
  settle: () => Effect.dieMessage("a store was asked"),
  diagnose: () => Effect.dieMessage("a store was tried out"),
  lifecycle: () => Effect.dieMessage("a bucket was opened")
})

describe("a whole push", () => {
  it.scoped("with nothing pending never opens the store, and --force does", () =>
    Effect.gen(function* () {
      const a = yield* makeDevice(makeWorld(), "a")
      yield* joinAll(a)
      yield* record(a, yield* live(a, "one", 1))
      const pushing = (force: boolean) => Effect.exit(a.as(Effect.provide(runPush({ force }), noStores)))
      expect(Exit.isFailure(yield* pushing(false))).toBe(true)
      yield* push(a)
      expect(yield* pushing(false)).toMatchObject({ value: { operations: 0, segments: 0, deleted: 0 } })
      expect(Exit.isFailure(yield* pushing(true))).toBe(true)
    })
  )

  it.scoped("without a store says so, also where nothing is pending", () =>
    Effect.gen(function* () {
      const a = yield* makeDevice(makeWorld(), "a")
      const failure = yield* Effect.flip(a.as(runPush({ force: false })))
      expect(failure._tag).toBe("NoStore")
      expect(failure.message).toBe("No store to sync with")
    })
  )
})

describe("a reset", () => {
  it.scoped("does not let the device's log begin anew below what silent peers have seen", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      const b = yield* makeDevice(world, "b")
      yield* joinAll(a, b)
      for (const counter of [1, 2, 3]) {
        yield* record(a, yield* live(a, `command ${counter}`, counter))
        yield* push(a)
      }
      expect((yield* pull(b)).absorbed.added).toBe(3)
      const name = manifestName(yield* a.id)
      const stored = world.bucket.objects.get(name)
      if (stored !== undefined)
        world.bucket.objects.set(name, { ...stored, etag: "damaged", bytes: stored.bytes.slice(1) })
      yield* a.as(reset({ forgetKey: false }))
      yield* initDevice(a)
      yield* a.as(reset({ forgetKey: false }))
      yield* initDevice(a)
      yield* pull(a)
      expect(yield* push(a)).toMatchObject({ operations: 3 })
      expect((yield* pull(b)).problems).toEqual([])
    })
  )
})

describe("status", () => {
  it.scoped("tells what it knows where this device's key is gone, and why it could not ask", () =>
    Effect.gen(function* () {
      const a = yield* makeDevice(makeWorld(), "a")
      yield* joinAll(a)
      yield* record(a, yield* live(a, "one", 1))
      const known = yield* a.as(Effect.provide(status({ ask: true }), VaultKeys.layerMemory))
      expect(known).toMatchObject({
        pending: { operations: 1 },
        answer: { _tag: "Failed", error: { _tag: "KeyNeeded" } }
      })
    })
  )
})

describe("tuning", () => {
  it.effect("is what the user set, and the default elsewhere", () =>
    Effect.gen(function* () {
      const tuning = yield* SyncTuning
      expect(tuning).toEqual({
        concurrentUploads: 7,
        concurrentDownloads: 8,
        compression: false,
        segmentSize: 2 * 1024 * 1024,
        partSize: 5 * 1024 * 1024,
        heldManifests: 128 * 1024 * 1024,
        inlineTail: 64 * 1024,
        lowestLevel: 512 * 1024
      })
    }).pipe(
      Effect.provide(
        Layer.provide(
          SyncTuning.layer,
          Settings.layerTest({
            HX_SYNC_CONCURRENT_UPLOADS: "7",
            HX_SYNC_COMPRESSION: "false",
            HX_SYNC_SEGMENT_SIZE: "2MiB"
          })
        )
      )
    )
  )
})
