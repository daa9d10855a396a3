/** Push may be killed at any of its operations, and so may the run after it: see CrashPoints.ts and CrashProof.ts. */

import { describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { manifestName } from "../../src/sync/ObjectNames.ts"
import { putIntents } from "../../src/sync/SyncState.ts"
import { prove, type Scenario } from "./CrashProof.ts"
import { forgetAt, recordNoise } from "./Noise.ts"
import { initDevice, live, push, record } from "./World.ts"

/** A tail of more than this becomes a segment. */
const merging = { inlineTail: 1024, partSize: 1 << 20 }
const small = { inlineTail: 1024, segmentSize: 4096, partSize: 1 << 20 }

const scenarios: ReadonlyArray<Scenario> = [
  {
    name: "the first push",
    prepare: ({ device }) =>
      Effect.gen(function* () {
        yield* initDevice(device)
        yield* record(device, yield* live(device, "one", 1), yield* live(device, "two", 2))
      }),
    requests: { put: 1 },
    command: ({ device }) => push(device)
  },
  {
    name: "a small push",
    prepare: ({ device }) =>
      Effect.gen(function* () {
        yield* initDevice(device)
        yield* record(device, yield* live(device, "one", 1))
        yield* push(device)
        yield* record(device, yield* live(device, "two", 2))
      }),
    requests: { put: 1 },
    command: ({ device }) => push(device)
  },
  {
    name: "a push that seals its tail",
    tuning: small,
    prepare: ({ device }) =>
      Effect.gen(function* () {
        yield* initDevice(device)
        yield* recordNoise(device, 0, 8)
        yield* push(device)
        yield* recordNoise(device, 8, 8)
      }),
    requests: { put: 2 },
    command: ({ device }) => push(device)
  },
  {
    name: "a push of several segments, in parts",
    tuning: { ...small, partSize: 1500 },
    prepare: ({ device }) => Effect.zipRight(initDevice(device), recordNoise(device, 0, 120)),
    requests: { begin: 3, finish: 3, put: 1 },
    command: ({ device }) => push(device)
  },
  {
    name: "a push that merges segments",
    tuning: merging,
    prepare: ({ device }) =>
      Effect.gen(function* () {
        yield* initDevice(device)
        for (let round = 0; round < 8; round++) {
          yield* recordNoise(device, 16 * round, 16)
          yield* push(device)
        }
        yield* recordNoise(device, 500, 1)
      }),
    requests: { put: 2 },
    command: ({ device }) => push(device)
  },
  {
    name: "a push that deletes what a merge replaced",
    tuning: merging,
    prepare: ({ device }) =>
      Effect.gen(function* () {
        yield* initDevice(device)
        for (let round = 0; round < 9; round++) {
          yield* recordNoise(device, 16 * round, 16)
          yield* push(device)
        }
        yield* TestClock.adjust("2 hours")
        yield* recordNoise(device, 500, 1)
      }),
    requests: { put: 1, delete: 8 },
    command: ({ device }) => push(device)
  },
  {
    name: "a push of what was forgotten",
    tuning: small,
    prepare: ({ device }) =>
      Effect.gen(function* () {
        yield* initDevice(device)
        yield* recordNoise(device, 0, 60)
        yield* push(device)
        yield* recordNoise(device, 60, 3)
        yield* forgetAt(device, [3, 40, 61])
      }),
    requests: { put: 3, delete: 2 },
    command: ({ device }) => push(device)
  },
  {
    name: "a push --force over a manifest that is gone",
    tuning: { ...small, partSize: 1500 },
    prepare: ({ device, world }) =>
      Effect.gen(function* () {
        yield* initDevice(device)
        yield* recordNoise(device, 0, 60)
        yield* push(device)
        yield* recordNoise(device, 60, 40)
        yield* forgetAt(device, [3])
        world.bucket.objects.delete(manifestName(yield* device.id))
      }),
    requests: { begin: 3, put: 1 },
    command: ({ device }) => push(device, true)
  },
  {
    name: "a push --force over a manifest that is gone, after one that was killed in the middle of an upload",
    tuning: small,
    prepare: ({ device, uploads, world }) =>
      Effect.gen(function* () {
        yield* initDevice(device)
        yield* recordNoise(device, 0, 3)
        yield* push(device)
        const name = "segments/left/left.hxs"
        const killed = { sequence: 9, nonce: "9".repeat(32), last: 3, segments: [], purged: [] }
        yield* device.as(putIntents([{ ...killed, uploads: [{ name, uploadId: "left" }] }]))
        uploads.set("left", `folder:/store ${name}`)
        world.bucket.objects.delete(manifestName(yield* device.id))
      }),
    requests: { get: 1, put: 1 },
    command: ({ device }) => push(device, true)
  },
  {
    name: "a push --force over a store that went back",
    tuning: small,
    prepare: ({ device, world }) =>
      Effect.gen(function* () {
        yield* initDevice(device)
        yield* recordNoise(device, 0, 30)
        yield* push(device)
        const snapshot = new Map(world.bucket.objects)
        yield* recordNoise(device, 30, 30)
        yield* push(device)
        world.bucket.objects.clear()
        for (const [name, object] of snapshot) world.bucket.objects.set(name, object)
        yield* recordNoise(device, 60, 1)
      }),
    requests: { put: 2 },
    command: ({ device }) => push(device, true)
  },
  {
    name: "a push --force to a store that lost segments",
    tuning: small,
    prepare: ({ device, world }) =>
      Effect.gen(function* () {
        yield* initDevice(device)
        yield* recordNoise(device, 0, 60)
        yield* push(device)
        const lost = [...world.bucket.objects.keys()].filter((name) => name.startsWith("segments/"))
        for (const name of lost.slice(1)) world.bucket.objects.delete(name)
      }),
    requests: { put: 2 },
    command: ({ device }) => push(device, true)
  },
  {
    name: "a push to a store without conditions",
    conditions: { create: "ignored", ifMatch: "ignored" },
    tuning: small,
    prepare: ({ device }) =>
      Effect.gen(function* () {
        yield* initDevice(device)
        yield* recordNoise(device, 0, 20)
        yield* push(device)
        yield* recordNoise(device, 20, 20)
      }),
    requests: { get: 2 },
    command: ({ device }) => push(device)
  }
]

describe("a push that is killed, and killed again, ends where an undisturbed one does", () => {
  it.scoped.each(scenarios)("$name", (scenario) => prove(scenario), 600_000)
})
