/** Retiring a device, and coming back after it, may be killed at any of their operations: see CrashPoints.ts and CrashProof.ts. */

import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { expect } from "vitest"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { runRetire, runRetirePlan } from "../../src/sync/Sync.ts"
import type { Place } from "./CrashPoints.ts"
import { keyOf, prove, type Scenario } from "./CrashProof.ts"
import { forgetAt, recordNoise } from "./Noise.ts"
import { initDevice, makeDevice, pull, push, type TestDevice } from "./World.ts"

const tuning = { inlineTail: 1024, segmentSize: 4096 }

const rename = (device: TestDevice, label: string) =>
  device.as(Effect.flatMap(HistoryDb, (db) => db.device.rename(label)))

/** As `hx sync devices forget NAME --yes`. */
const retire = (device: TestDevice, name: string) =>
  device.as(Effect.flatMap(runRetirePlan(name), (plan) => runRetire(plan, { acceptLoss: false })))

/** This device, and another one that has published segments, a rule and a tail, and has pulled. */
const two = ({ device, world }: Place) =>
  Effect.gen(function* () {
    const other = yield* makeDevice(world, "other", tuning)
    yield* initDevice(device)
    yield* initDevice(other, yield* keyOf(device))
    yield* rename(device, "this one")
    yield* rename(other, "the old one")
    yield* recordNoise(device, 0, 5)
    yield* push(device)
    yield* pull(other)
    yield* recordNoise(other, 100, 30)
    yield* push(other)
    yield* forgetAt(other, [101])
    yield* push(other)
    return other
  })

const comeBack = ({ device }: Place) =>
  Effect.gen(function* () {
    yield* initDevice(device, yield* keyOf(device))
    expect((yield* pull(device)).problems).toEqual([])
    yield* push(device)
  })

const scenarios: ReadonlyArray<Scenario> = [
  {
    name: "devices forget",
    tuning,
    prepare: (place) => Effect.scoped(two(place)),
    requests: { put: 2, delete: 2 },
    command: ({ device }) => retire(device, "the old one")
  },
  {
    name: "devices forget, in a store that knows no conditions",
    tuning,
    conditions: { create: "ignored", ifMatch: "ignored" },
    prepare: (place) => Effect.scoped(two(place)),
    requests: { put: 2, delete: 2 },
    command: ({ device }) => retire(device, "the old one")
  },
  {
    name: "coming back after another device retired this one",
    tuning,
    prepare: (place) =>
      Effect.scoped(
        Effect.gen(function* () {
          const other = yield* two(place)
          yield* pull(other)
          yield* retire(other, "this one")
          yield* recordNoise(place.device, 50, 3)
          yield* Effect.flip(push(place.device))
        })
      ),
    requests: { get: 5, put: 5, delete: 1, list: 2 },
    command: comeBack
  }
]

describe("killed at any point, and run again, ends where an undisturbed run ends", { timeout: 300_000 }, () => {
  for (const scenario of scenarios) it.scoped(scenario.name, () => prove(scenario))
})
