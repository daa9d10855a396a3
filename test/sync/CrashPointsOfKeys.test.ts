/** A rotation, a change of the passphrase, and joining with a new key may be killed at any of their operations: see CrashPoints.ts and CrashProof.ts. */

import { describe, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import { expect } from "vitest"
import { rekeyPending } from "../../src/sync/KnownVault.ts"
import { runPassphrase, runRotation, runSync } from "../../src/sync/Sync.ts"
import * as SyncState from "../../src/sync/SyncState.ts"
import { VaultKeys } from "../../src/sync/VaultKeys.ts"
import type { Place } from "./CrashPoints.ts"
import { keyOf, prove, type Scenario } from "./CrashProof.ts"
import { recordNoise } from "./Noise.ts"
import { initDevice, makeDevice, pull, push, type TestDevice } from "./World.ts"

const tuning = { inlineTail: 1024, segmentSize: 4096 }

/** A device that has published segments and a tail, and has something more to publish. */
const published = ({ device }: Place) =>
  Effect.gen(function* () {
    yield* initDevice(device)
    yield* recordNoise(device, 0, 40)
    yield* push(device)
    yield* recordNoise(device, 40, 3)
  })

/** The key that a rotation had begun with, and that everything is sealed under. */
const keysOf = (device: TestDevice) =>
  device.as(
    Effect.gen(function* () {
      const keys = yield* VaultKeys
      const { vaultId } = Option.getOrThrow(yield* SyncState.binding.get)
      const keyring = yield* keys.keyring(vaultId, true)
      return {
        next: Option.getOrNull(yield* keys.next(vaultId)),
        epoch: keyring.epoch,
        newest: keyring.keys.get(keyring.epoch)
      }
    })
  )

/** Whatever a run before had begun with is what this one ends with, and nothing of it is left. */
const goingOn = (device: TestDevice, again: Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    const { epoch, next } = yield* keysOf(device)
    const halfDone = yield* device.as(rekeyPending)
    yield* next === null && epoch === 1 ? device.as(runRotation) : again
    const after = yield* keysOf(device)
    expect(after.next).toBeNull()
    if (next !== null) expect(after.newest).toEqual(next.key)
    if (halfDone) expect(after.epoch).toBe(epoch)
  })

const rotatedElsewhere = { key: "" }

const scenarios: ReadonlyArray<Scenario> = [
  {
    name: "key rotate, and again",
    tuning,
    prepare: published,
    requests: { list: 1, put: 3, delete: 1 },
    command: ({ device }) => goingOn(device, device.as(runRotation))
  },
  {
    name: "key rotate, gone on with by a push",
    tuning,
    prepare: published,
    requests: { list: 1, put: 3, delete: 1 },
    command: ({ device }) => goingOn(device, push(device))
  },
  {
    name: "key rotate, gone on with by a sync, in a store that knows no conditions",
    tuning,
    conditions: { create: "ignored", ifMatch: "ignored" },
    prepare: published,
    requests: { list: 1, put: 3, delete: 1 },
    command: ({ device }) => goingOn(device, device.as(runSync))
  },
  {
    name: "joining with the new key of another device, and publishing under it",
    tuning,
    prepare: (place) =>
      Effect.scoped(
        Effect.gen(function* () {
          yield* published(place)
          const other = yield* makeDevice(place.world, "other", tuning)
          yield* initDevice(other, yield* keyOf(place.device))
          yield* recordNoise(other, 100, 3)
          yield* push(other)
          rotatedElsewhere.key = (yield* other.as(runRotation)).recoveryKey
          yield* Effect.flip(pull(place.device))
        })
      ),
    requests: { get: 3, put: 6, delete: 2 },
    command: ({ device }) => Effect.zipRight(initDevice(device, { key: rotatedElsewhere.key }), device.as(runSync))
  },
  {
    name: "a passphrase is set",
    tuning,
    prepare: published,
    requests: { get: 1, put: 1 },
    unpublished: true,
    command: ({ device }) => device.as(runPassphrase(Redacted.make("seven words of no meaning")))
  }
]

describe("killed at any point, and run again, ends where an undisturbed run ends", { timeout: 300_000 }, () => {
  for (const scenario of scenarios) it.scoped(scenario.name, () => prove(scenario))
})
