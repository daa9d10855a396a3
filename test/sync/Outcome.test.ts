/** What status tells of the last push, after commands that publish on the way to something else. */

import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { manifestName } from "../../src/sync/ObjectNames.ts"
import { runRetire, runRetirePlan, runRotation } from "../../src/sync/Sync.ts"
import * as SyncState from "../../src/sync/SyncState.ts"
import { runVerify } from "../../src/sync/Verify.ts"
import { joinAll, live, makeDevice, makeWorld, pull, push, record, type TestDevice } from "./World.ts"

const runs = (device: TestDevice, command: string, counter: number) =>
  Effect.flatMap(live(device, command, counter), (entry) => record(device, entry))

const lastPush = (device: TestDevice) => device.as(Effect.map(SyncState.activityOrNone, (activity) => activity.push))

const two = Effect.gen(function* () {
  const world = makeWorld()
  const [a, b] = [yield* makeDevice(world, "a"), yield* makeDevice(world, "b")]
  yield* joinAll(a, b)
  yield* runs(a, "of a", 1)
  yield* runs(b, "of b", 2)
  for (const device of [a, b, a]) {
    yield* pull(device)
    yield* push(device)
  }
  expect(yield* lastPush(a)).toMatchObject({ published: false })
  return { world, a, b }
})

describe("the last push that status tells of", () => {
  it.scoped("is the one of a key rotation, where that was the last to publish", () =>
    Effect.gen(function* () {
      const { a } = yield* two
      yield* runs(a, "before the rotation", 3)
      yield* a.as(runRotation)
      expect(yield* lastPush(a)).toMatchObject({ published: true, entries: 1 })
    })
  )

  it.scoped("is the one that took a retired device over", () =>
    Effect.gen(function* () {
      const { a, b } = yield* two
      yield* b.as(Effect.flatMap(HistoryDb, (db) => db.device.rename("old")))
      yield* push(b)
      yield* a.as(Effect.flatMap(runRetirePlan("old"), (plan) => runRetire(plan, { acceptLoss: false })))
      expect(yield* lastPush(a)).toMatchObject({ published: true, entries: 1 })
    })
  )

  it.scoped("is the one of a repair, and not of a verification that found all good", () =>
    Effect.gen(function* () {
      const { a, world } = yield* two
      yield* a.as(runVerify({ repair: true }))
      expect(yield* lastPush(a)).toMatchObject({ published: false })
      world.bucket.objects.delete(manifestName(yield* a.id))
      yield* a.as(runVerify({ repair: true }))
      expect(yield* lastPush(a)).toMatchObject({ published: true })
    })
  )
})
