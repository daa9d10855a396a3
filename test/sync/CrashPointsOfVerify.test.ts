/** A repair may be killed at any of its operations: see CrashPoints.ts and CrashProof.ts. */

import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { expect } from "vitest"
import { manifestName, segmentsOf } from "../../src/sync/ObjectNames.ts"
import { runVerify } from "../../src/sync/Verify.ts"
import type { Place } from "./CrashPoints.ts"
import { keyOf, prove, type Scenario } from "./CrashProof.ts"
import { recordNoise } from "./Noise.ts"
import { initDevice, makeDevice, pull, push } from "./World.ts"

const tuning = { inlineTail: 1024, segmentSize: 4096 }

/** A device that has published several segments and a tail, and another one that has seen it. */
const published = ({ device, world }: Place) =>
  Effect.scoped(
    Effect.gen(function* () {
      yield* initDevice(device)
      yield* recordNoise(device, 0, 60)
      yield* push(device)
      const other = yield* makeDevice(world, "other", tuning)
      yield* initDevice(other, yield* keyOf(device))
      yield* pull(other)
      yield* recordNoise(other, 100, 3)
      yield* push(other)
      yield* pull(device)
    })
  )

const ownSegments = ({ device, world }: Place) =>
  Effect.map(device.id, (id) =>
    [...world.bucket.objects.keys()].filter((name) => name.startsWith(segmentsOf(id))).sort()
  )

/** One segment gone, another one damaged; and something new, so that a run that finds all of it repaired already has a publication to make all the same. */
const damageSegments = (place: Place) =>
  Effect.gen(function* () {
    yield* recordNoise(place.device, 60, 3)
    const { objects } = place.world.bucket
    const [gone, damaged] = yield* ownSegments(place)
    const object = objects.get(damaged!)!
    objects.delete(gone!)
    objects.set(damaged!, { ...object, bytes: object.bytes.slice(0, -1), etag: "damaged" })
  })

/** Whatever stands when it begins, nothing is wrong when it has ended. */
const repairs = ({ device }: Place) =>
  Effect.gen(function* () {
    yield* device.as(runVerify({ repair: true }))
    expect((yield* device.as(runVerify({ repair: false }))).findings).toEqual([])
  })

/** Once the segments are whole there is nothing to repair, and what was begun for it goes with the next publication. */
const repairsAndPushes = (place: Place) => Effect.zipRight(repairs(place), push(place.device))

const scenarios: ReadonlyArray<Scenario> = [
  {
    name: "verify --repair, with a segment gone and one damaged",
    tuning,
    prepare: (place) => Effect.zipRight(published(place), damageSegments(place)),
    requests: { put: 3 },
    command: repairsAndPushes
  },
  {
    name: "verify --repair, with the manifest gone as well",
    tuning,
    prepare: (place) =>
      Effect.gen(function* () {
        yield* published(place)
        yield* damageSegments(place)
        place.world.bucket.objects.delete(manifestName(yield* place.device.id))
      }),
    requests: { put: 3 },
    command: repairs
  },
  {
    name: "verify --repair, in a store that knows no conditions",
    tuning,
    conditions: { create: "ignored", ifMatch: "ignored" },
    prepare: (place) => Effect.zipRight(published(place), damageSegments(place)),
    requests: { put: 3 },
    command: repairsAndPushes
  }
]

describe("killed at any point, and run again, ends where an undisturbed run ends", { timeout: 300_000 }, () => {
  for (const scenario of scenarios) it.scoped(scenario.name, () => prove(scenario))
})
