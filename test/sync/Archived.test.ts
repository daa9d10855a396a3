import { describe, expect, it } from "@effect/vitest"
import { Effect, Option, TestClock } from "effect"
import { createHash } from "node:crypto"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { archive, restoreDone } from "../../src/store/MemoryObjectStore.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { summariseArchived } from "../../src/sync/Archived.ts"
import { manifestName } from "../../src/sync/ObjectNames.ts"
import { reset } from "../../src/sync/Reset.ts"
import { runPull } from "../../src/sync/Sync.ts"
import { historyOf } from "./History.ts"
import {
  imported,
  initDevice,
  joinAll,
  makeDevice,
  makeWorld,
  pull,
  push,
  record,
  requestsOf,
  type TestDevice,
  type World
} from "./World.ts"

/** Publishes as many segments as asked for: entries whose text does not compress, more than an inline tail may hold. */
const publish = (device: TestDevice, segments: number, from = 0) =>
  Effect.gen(function* () {
    for (let segment = 0; segment < segments; segment++) {
      const numbers = Array.from({ length: 1_500 }, (_, index) => from + segment * 1_500 + index)
      const entries = yield* Effect.forEach(numbers, (number) =>
        imported(device, `echo ${createHash("sha512").update(String(number)).digest("base64")}`, 1_600_000_000 + number)
      )
      yield* record(device, ...entries)
      yield* push(device)
    }
  })

/** So long that it makes a segment of its own. */
const long = (device: TestDevice, number: number) => {
  const parts = Array.from({ length: 1_100 }, (_, part) => createHash("sha512").update(`${number} ${part}`))
  return imported(device, `echo ${parts.map((part) => part.digest("base64")).join("")}`, 1_500_000_000 + number)
}

const pair = Effect.gen(function* () {
  const world = makeWorld()
  const a = yield* makeDevice(world, "a", { segmentSize: 100_000 })
  const b = yield* makeDevice(world, "b")
  const key = yield* joinAll(a, b)
  return { world, a, b, key }
})

const segmentsIn = (world: World) => [...world.bucket.objects.keys()].filter((name) => name.startsWith("segments/"))

const restoring = (device: TestDevice) => device.as(runPull({ force: false, restore: true }))

const archiveAll = (world: World, names: Iterable<string> = world.bucket.objects.keys()) => {
  for (const name of names) archive(world.bucket, name)
}

describe("archived segments", () => {
  it.scoped("do not keep the rest from being applied; a restore brings them, and asking twice does no harm", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      yield* publish(a, 2)
      const [oldest = ""] = segmentsIn(world)
      archive(world.bucket, oldest)
      const first = yield* pull(b)
      expect(first.absorbed.added).toBeGreaterThan(0)
      expect(first.problems).toMatchObject([{ kind: "archived", name: oldest, archived: { archive: "GLACIER" } }])
      const asked = yield* restoring(b)
      expect(asked.restored).toMatchObject({ started: 1, underWay: 0, readable: 0, failure: Option.none() })
      expect(asked.problems[0]?.archived?.asked).not.toBeNull()
      expect((yield* restoring(b)).restored).toMatchObject({ started: 0, underWay: 1 })
      expect(yield* pull(b)).toMatchObject({ problems: [{ kind: "archived" }], restored: null })
      restoreDone(world.bucket)
      expect(yield* pull(b)).toMatchObject({ problems: [], segments: 1 })
      expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
      expect(yield* requestsOf(b, pull(b))).toEqual(["list"])
    })
  )

  it.scoped("cost a GET each when they are met, and one in all for a quarter of an hour then", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      yield* publish(a, 1)
      const segments = segmentsIn(world)
      expect(segments.length).toBeGreaterThan(1)
      archiveAll(world, segments)
      const manifest = ["list", "get"]
      const each = segments.map(() => "get")
      expect(yield* requestsOf(b, pull(b))).toEqual([...manifest, ...each])
      expect(yield* requestsOf(b, pull(b))).toEqual([...manifest, "get"])
      expect((yield* pull(b)).problems).toHaveLength(segments.length)
      yield* TestClock.adjust("16 minutes")
      expect(yield* requestsOf(b, pull(b))).toEqual([...manifest, ...each])
      expect(yield* requestsOf(b, restoring(b))).toEqual([...manifest, ...each, ...segments.map(() => "restore")])
      restoreDone(world.bucket)
      expect(yield* requestsOf(b, pull(b))).toEqual([...manifest, ...each])
      expect((yield* pull(b)).problems).toEqual([])
      expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
    })
  )

  it.scoped("of INTELLIGENT_TIERING, which no list shows, are restored in place", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      yield* publish(a, 1)
      for (const name of segmentsIn(world)) archive(world.bucket, name, "DEEP_ARCHIVE_ACCESS")
      const { problems } = yield* restoring(b)
      expect(summariseArchived(problems)).toMatchObject({ classes: ["DEEP_ARCHIVE_ACCESS"], hours: [0, 12] })
      restoreDone(world.bucket)
      expect((yield* pull(b)).problems).toEqual([])
      expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
    })
  )

  it.scoped("that their owner rewrites meanwhile are not missed", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      yield* publish(a, 1)
      archiveAll(world, segmentsIn(world))
      yield* pull(b)
      world.faults.wrap = (store) => ({
        ...store,
        restore: (name) => new StoreError({ reason: "Absent", operation: "restore", subject: name })
      })
      expect((yield* restoring(b)).restored).toMatchObject({ started: 0, failure: Option.none() })
    })
  )

  it.scoped("are not asked for one by one where asking is not allowed, and the pull is reported all the same", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      yield* publish(a, 2)
      const [newest = "", ...older] = segmentsIn(world).reverse()
      archiveAll(world, older)
      let asked = 0
      world.faults.wrap = (store) => ({
        ...store,
        restore: (name) => {
          asked++
          return new StoreError({ reason: "AccessDenied", operation: "restore", subject: name })
        }
      })
      const report = yield* restoring(b)
      expect(report.absorbed.added).toBeGreaterThan(0)
      expect(Option.getOrNull(report.restored?.failure ?? Option.none())).toMatchObject({ reason: "AccessDenied" })
      expect(asked).toBe(1)
      expect(newest).not.toBe("")
    })
  )

  it.scoped("of this device are no matter to its pushes, which delete them like others", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      const entries = yield* Effect.forEach([1, 2], (number) => long(a, number))
      yield* record(a, ...entries)
      yield* push(a)
      yield* pull(b)
      const before = segmentsIn(world)
      archiveAll(world)
      yield* a.as(Effect.flatMap(HistoryDb, (db) => db.log.forget({ ids: [entries[0]!.id], twins: [], windows: [] })))
      const requests = yield* requestsOf(a, push(a))
      expect(requests).toContain("delete")
      expect(requests).not.toContain("get")
      expect(segmentsIn(world).filter((name) => before.includes(name)).length).toBeLessThan(before.length)
      expect(yield* pull(b)).toMatchObject({ problems: [], absorbed: { removed: 1 } })
      expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
    })
  )
})

describe("an archived manifest", () => {
  it.scoped("of a device that is known already is nobody's problem until it changes", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      yield* publish(a, 1)
      yield* pull(b)
      archiveAll(world)
      const report = yield* pull(b)
      expect(report).toMatchObject({ problems: [], archivedManifests: 1 })
      expect(yield* requestsOf(a, pull(a))).toEqual(["list"])
    })
  )

  it.scoped("of a device that is not known is asked for with all its archived segments: one wait, not two", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      yield* publish(a, 2)
      archiveAll(
        world,
        [...world.bucket.objects.keys()].filter((name) => name !== "vault.json")
      )
      const report = yield* restoring(b)
      expect(report.problems).toMatchObject([{ kind: "archived", name: manifestName(yield* a.id) }])
      expect(report.restored).toMatchObject({ started: 1 + segmentsIn(world).length })
      expect(summariseArchived(report.problems)).toMatchObject({ objects: 1, asked: 1, hours: [3, 5] })
      restoreDone(world.bucket)
      expect((yield* pull(b)).problems).toEqual([])
      expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
    })
  )

  it.scoped("is asked for with the segments that were found archived before it", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      yield* publish(a, 2)
      const [oldest = ""] = segmentsIn(world)
      archive(world.bucket, oldest)
      yield* pull(b)
      archive(world.bucket, manifestName(yield* a.id))
      expect(yield* restoring(b)).toMatchObject({ problems: [{ kind: "archived" }], restored: { started: 2 } })
      restoreDone(world.bucket)
      expect((yield* pull(b)).problems).toEqual([])
      expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
    })
  )

  it.scoped("of ours stops no push, not even where the store knows no conditions", () =>
    Effect.gen(function* () {
      const world = makeWorld({ create: "ignored", ifMatch: "ignored" })
      const a = yield* makeDevice(world, "a")
      const b = yield* makeDevice(world, "b")
      yield* joinAll(a, b)
      yield* publish(a, 1)
      archiveAll(world)
      yield* record(a, yield* imported(a, "one more", 1_700_000_000))
      expect(yield* push(a)).toMatchObject({ operations: 1 })
      expect(world.bucket.objects.get(manifestName(yield* a.id))?.storageClass).toBeUndefined()
    })
  )

  it.scoped("of ours, met after a reset, is restored and taken up again; until then pulls bring what others have", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      yield* publish(a, 1)
      yield* publish(b, 1, 50_000)
      archive(world.bucket, manifestName(yield* a.id))
      yield* a.as(reset({ forgetKey: false }))
      yield* initDevice(a)
      yield* record(a, yield* imported(a, "one more", 1_700_000_000))
      const report = yield* restoring(a)
      expect(report.problems).toMatchObject([{ kind: "archived", name: manifestName(yield* a.id) }])
      expect(report.absorbed.added).toBe(1_500)
      expect(yield* Effect.flip(push(a))).toMatchObject({ _tag: "StoreError", reason: "Archived" })
      restoreDone(world.bucket)
      expect((yield* pull(a)).problems).toEqual([])
      expect(yield* push(a)).toMatchObject({ operations: 1, forks: [] })
      yield* pull(b)
      expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
    })
  )
})
