/** Pull and sync may be killed at any of their operations: see CrashPoints.ts and CrashProof.ts. */

import { describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Paths } from "../../src/platform/Paths.ts"
import { manifestName } from "../../src/sync/ObjectNames.ts"
import { runSync } from "../../src/sync/Sync.ts"
import type { Place } from "./CrashPoints.ts"
import { keyOf, prove, type Scenario } from "./CrashProof.ts"
import { forgetAt, recordNoise } from "./Noise.ts"
import { initDevice, makeDevice, makeInstallation, pull, push, type TestDevice } from "./World.ts"

const tuning = { inlineTail: 1024, segmentSize: 4096 }

/** The device founds a vault, another one joins it and goes on from there. */
const withPeer = (place: Place, then: (peer: TestDevice) => Effect.Effect<unknown, unknown, Scope.Scope>) =>
  Effect.scoped(
    Effect.gen(function* () {
      yield* initDevice(place.device)
      const peer = yield* makeDevice(place.world, "peer", tuning)
      yield* initDevice(peer, yield* keyOf(place.device))
      yield* then(peer)
    })
  )

const command = ({ device }: Place) => pull(device)

/** A clone of this device has pushed what this one does not know. */
const cloned = ({ device, world }: Place) =>
  Effect.scoped(
    Effect.gen(function* () {
      const elsewhere = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "hx-clone-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
      )
      const { data } = yield* device.as(Paths)
      yield* initDevice(device)
      yield* recordNoise(device, 0, 30)
      yield* push(device)
      cpSync(data, elsewhere, { recursive: true })
      const clone = yield* makeInstallation(world, "clone", elsewhere, tuning)
      yield* recordNoise(clone, 100, 12)
      yield* push(clone)
      yield* recordNoise(device, 95, 15)
    })
  )

const scenarios: ReadonlyArray<Scenario> = [
  {
    name: "the first pull of segments and a tail",
    tuning,
    prepare: (place) =>
      withPeer(place, (peer) =>
        Effect.gen(function* () {
          yield* recordNoise(peer, 0, 60)
          yield* push(peer)
          yield* recordNoise(peer, 60, 3)
          yield* push(peer)
        })
      ),
    requests: { list: 1, get: 3 },
    command
  },
  {
    name: "a pull of what changed, with a rule that forgets",
    tuning,
    prepare: (place) =>
      withPeer(place, (peer) =>
        Effect.gen(function* () {
          yield* recordNoise(peer, 0, 60)
          yield* push(peer)
          yield* pull(place.device)
          yield* recordNoise(place.device, 200, 30)
          yield* push(place.device)
          yield* pull(peer)
          yield* forgetAt(peer, [3, 50, 210])
          yield* recordNoise(peer, 60, 3)
          yield* push(peer)
        })
      ),
    requests: { list: 1, get: 1 },
    command
  },
  {
    name: "a pull of a log that was written anew",
    tuning,
    prepare: (place) =>
      withPeer(place, (peer) =>
        Effect.gen(function* () {
          yield* recordNoise(peer, 0, 30)
          yield* push(peer)
          yield* pull(place.device)
          const other = yield* makeDevice(place.world, "written anew", tuning)
          yield* initDevice(other, yield* keyOf(place.device))
          yield* recordNoise(other, 300, 30)
          yield* push(other)
          yield* recordNoise(peer, 30, 20)
          yield* push(peer)
        })
      ),
    requests: { list: 1 },
    command
  },
  {
    name: "a pull --force",
    tuning,
    prepare: (place) =>
      withPeer(place, (peer) =>
        Effect.gen(function* () {
          yield* recordNoise(peer, 0, 30)
          yield* push(peer)
          yield* recordNoise(place.device, 100, 30)
          yield* push(place.device)
          yield* pull(place.device)
        })
      ),
    requests: { list: 1 },
    command: ({ device }) => pull(device, true)
  },
  {
    name: "a pull --force where our own manifest is gone",
    tuning,
    prepare: (place) =>
      withPeer(place, (peer) =>
        Effect.gen(function* () {
          yield* recordNoise(peer, 0, 30)
          yield* push(peer)
          yield* recordNoise(place.device, 100, 30)
          yield* push(place.device)
          yield* pull(peer)
          yield* push(peer)
          yield* forgetAt(place.device, [101])
          place.world.bucket.objects.delete(manifestName(yield* place.device.id))
        })
      ),
    // The second list asks whether this device was retired: then its manifest is gone for good.
    requests: { list: 2 },
    command: ({ device }) => pull(device, true)
  },
  {
    name: "a sync: pull, then push",
    tuning,
    prepare: (place) =>
      withPeer(place, (peer) =>
        Effect.gen(function* () {
          yield* recordNoise(peer, 0, 30)
          yield* push(peer)
          yield* recordNoise(place.device, 100, 30)
        })
      ),
    requests: { list: 1, put: 2 },
    command: ({ device }) => device.as(runSync)
  },
  {
    name: "a push that finds out that it is a clone's, and goes on under a new id",
    tuning,
    prepare: cloned,
    requests: { get: 2, put: 3 },
    command: ({ device }) => push(device)
  },
  {
    name: "a pull that finds out that it is a clone's",
    tuning,
    prepare: cloned,
    // The second list asks whether this device was retired, before it takes a new id.
    requests: { list: 2 },
    command: ({ device }) => Effect.zipRight(pull(device), push(device))
  }
]

describe("a pull that is killed, and killed again, ends where an undisturbed one does", () => {
  it.scoped.each(scenarios)("$name", (scenario) => prove(scenario), 600_000)
})
