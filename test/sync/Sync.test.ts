import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Layer } from "effect"
import { Settings } from "../../src/platform/Settings.ts"
import { Stores } from "../../src/store/Stores.ts"
import { status } from "../../src/sync/Status.ts"
import { runPush } from "../../src/sync/Sync.ts"
import { SyncTuning } from "../../src/sync/SyncTuning.ts"
import { VaultKeys } from "../../src/sync/VaultKeys.ts"
import { joinAll, live, makeDevice, makeWorld, push, record } from "./World.ts"

/** Opening any store is a bug. */
const noStores = Layer.succeed(Stores, {
  open: () => Effect.dieMessage("a store was opened"),
  settle: () => Effect.dieMessage("a store was asked")
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
        partSize: 5 * 1024 * 1024
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
