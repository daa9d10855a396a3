/** Init, reset and a move to another store may be killed at any of their operations: see CrashPoints.ts and CrashProof.ts. */

import { describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { folderLocation } from "../../src/store/StoreUrl.ts"
import { check } from "../../src/sync/Check.ts"
import { checkTarget } from "../../src/sync/CheckTarget.ts"
import { reset } from "../../src/sync/Reset.ts"
import type { Place } from "./CrashPoints.ts"
import { keyOf, prove, type Scenario } from "./CrashProof.ts"
import { forgetAt, recordNoise } from "./Noise.ts"
import { initDevice, live, makeDevice, pull, push, record } from "./World.ts"

const tuning = { inlineTail: 1024, segmentSize: 4096 }

const elsewhere = { location: folderLocation("/elsewhere"), credentials: Option.none() }

/** Where a vault of another device's is, whose key the command is given. */
const othersVault = (place: Place) =>
  Effect.scoped(
    Effect.gen(function* () {
      const other = yield* makeDevice(place.world, "the founder", tuning)
      yield* initDevice(other)
      yield* recordNoise(other, 0, 30)
      yield* push(other)
      given = yield* keyOf(other)
    })
  )
let given: { readonly key?: string } = {}

const used = ({ device }: Place) =>
  Effect.gen(function* () {
    yield* initDevice(device)
    yield* recordNoise(device, 0, 30)
    yield* push(device)
    yield* forgetAt(device, [3])
    yield* recordNoise(device, 30, 1)
  })

const scenarios: ReadonlyArray<Scenario> = [
  {
    name: "init: a vault is founded",
    prepare: ({ device }) => Effect.flatMap(live(device, "one", 1), (entry) => record(device, entry)),
    requests: { get: 4, put: 5, delete: 1 },
    command: ({ device }) => initDevice(device)
  },
  {
    name: "init: a vault is founded by a device that has no database yet",
    prepare: () => Effect.void,
    fresh: true,
    requests: { put: 5 },
    command: ({ device }) => initDevice(device)
  },
  {
    name: "init: a vault without encryption is founded",
    prepare: ({ device }) => Effect.flatMap(live(device, "one", 1), (entry) => record(device, entry)),
    requests: { put: 5 },
    command: ({ device }) => initDevice(device, { noEncrypt: true })
  },
  {
    name: "init: a vault without encryption is founded by a device that knows others' commands",
    tuning,
    prepare: (place) =>
      Effect.gen(function* () {
        yield* othersVault(place)
        yield* initDevice(place.device, given)
        yield* pull(place.device)
        yield* place.device.as(reset({ forgetKey: true }))
      }),
    requests: { put: 5 },
    command: ({ device }) => initDevice(device, { url: elsewhere, noEncrypt: true })
  },
  {
    name: "init: a vault is joined",
    prepare: othersVault,
    requests: { put: 4 },
    command: ({ device }) => initDevice(device, given)
  },
  {
    name: "init: the vault that this device is in",
    tuning,
    prepare: used,
    requests: { put: 4 },
    command: ({ device }) => initDevice(device)
  },
  {
    name: "init: a move to an empty store",
    tuning,
    prepare: (place) =>
      Effect.gen(function* () {
        yield* othersVault(place)
        yield* initDevice(place.device, given)
        yield* pull(place.device)
        yield* recordNoise(place.device, 100, 20)
        yield* push(place.device)
        yield* forgetAt(place.device, [3, 101])
      }),
    requests: { put: 5 },
    command: ({ device }) => initDevice(device, { url: elsewhere })
  },
  {
    name: "init: back in the store that this device came from",
    tuning,
    prepare: (place) =>
      Effect.gen(function* () {
        yield* used(place)
        yield* initDevice(place.device, { url: elsewhere })
        yield* push(place.device)
        yield* forgetAt(place.device, [4])
      }),
    requests: { put: 4 },
    command: ({ device }) => initDevice(device)
  },
  {
    name: "init after a reset",
    tuning,
    prepare: (place) => Effect.zipRight(used(place), place.device.as(reset({ forgetKey: false }))),
    requests: { put: 4 },
    command: ({ device }) => initDevice(device)
  },
  {
    name: "a check, whose objects of its own go with a later push",
    tuning,
    prepare: used,
    requests: { put: 5, delete: 2 },
    command: ({ device }) =>
      device.as(
        Effect.flatMap(checkTarget(Option.none(), Option.none()), (target) =>
          check(target, "everything", () => Effect.void)
        )
      )
  },
  {
    name: "a reset",
    tuning,
    prepare: used,
    unpublished: true,
    requests: {},
    command: ({ device }) => device.as(reset({ forgetKey: false }))
  },
  {
    name: "a reset --forget-key",
    tuning,
    prepare: used,
    unpublished: true,
    requests: {},
    command: ({ device }) => device.as(reset({ forgetKey: true }))
  }
]

describe("an init or reset that is killed, and killed again, ends where an undisturbed one does", () => {
  it.scoped.each(scenarios)("$name", (scenario) => prove(scenario), 600_000)
})
