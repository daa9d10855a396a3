import { describe, expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { historyDigest } from "../../src/history/Export.ts"
import { plant } from "../../src/store/MemoryObjectStore.ts"
import { devices } from "../../src/sync/Devices.ts"
import { manifestName } from "../../src/sync/ObjectNames.ts"
import { knownRetired } from "../../src/sync/Retirements.ts"
import { runRetire, runRetirePlan } from "../../src/sync/Sync.ts"
import * as SyncState from "../../src/sync/SyncState.ts"
import { commandsOf, historyOf } from "./History.ts"
import { forgetAt, recordNoise } from "./Noise.ts"
import {
  initDevice,
  joinAll,
  live,
  makeDevice,
  makeWorld,
  pull,
  push,
  record,
  requestsOf,
  storeAt,
  type TestDevice
} from "./World.ts"

const tuning = { inlineTail: 1024, segmentSize: 4096 }

let counter = 0
const runs = (device: TestDevice, ...commands: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    for (const command of commands) yield* record(device, yield* live(device, command, ++counter))
  })

const rename = (device: TestDevice, label: string) =>
  device.as(Effect.flatMap(HistoryDb, (db) => db.device.rename(label)))

/** As `hx sync devices forget NAME --yes`. */
const retire = (device: TestDevice, name: string, acceptLoss = false) =>
  device.as(Effect.flatMap(runRetirePlan(name), (plan) => runRetire(plan, { acceptLoss })))

/** Three devices that know each other; c has segments, a tail, ends of commands and a rule. */
const three = Effect.gen(function* () {
  const world = makeWorld()
  const [a, b, c] = [
    yield* makeDevice(world, "a", tuning),
    yield* makeDevice(world, "b", tuning),
    yield* makeDevice(world, "c", tuning)
  ]
  const key = yield* joinAll(a, b, c)
  for (const [device, label] of [
    [a, "laptop"],
    [b, "desktop"],
    [c, "old"]
  ] as const)
    yield* rename(device, label)
  yield* runs(a, "of a")
  yield* runs(b, "of b")
  yield* recordNoise(c, 0, 60)
  const unfinished = yield* live(c, "sleep 10", ++counter, { exit: null, duration: null })
  yield* record(c, unfinished)
  yield* push(c)
  yield* c.as(Effect.flatMap(HistoryDb, (db) => db.log.finish(unfinished.id, 3, 10_000_000)))
  yield* forgetAt(c, [7, 8])
  for (const device of [a, b, c, a, b]) {
    yield* pull(device)
    yield* push(device)
  }
  const id = yield* c.id
  const objectsOf = (device: string) => [...world.bucket.objects.keys()].filter((name) => name.includes(device))
  const joined = (name: string) => Effect.tap(makeDevice(world, name, tuning), (device) => initDevice(device, { key }))
  return { world, a, b, c, id, key, objectsOf, joined }
})

const digestOf = (device: TestDevice) => device.as(historyDigest())

describe("devices forget", () => {
  it.scoped("a device that is gone: its history stays the same everywhere, and its objects go", () =>
    Effect.gen(function* () {
      const { a, b, id, joined, objectsOf } = yield* three
      const before = yield* digestOf(a)
      const captured = yield* historyOf(a)
      expect(objectsOf(id).length).toBeGreaterThan(2)
      const report = yield* retire(a, "old")
      expect(report).toMatchObject({ label: "old", by: null, lost: [], left: 0, failure: null })
      // 61 entries less two forgotten ones, and the rule; how "sleep 10" ended is told with it.
      expect(report.taken).toBe(60)
      expect(objectsOf(id)).toEqual([])
      expect(yield* pull(b)).toMatchObject({ problems: [] })
      const later = yield* joined("later")
      expect(yield* pull(later)).toMatchObject({ problems: [] })
      for (const device of [a, b, later]) {
        expect(yield* digestOf(device)).toEqual(before)
        expect(yield* historyOf(device)).toEqual(captured)
      }
      expect((yield* historyOf(later)).find(({ command }) => command === "sleep 10")).toMatchObject({ exit: 3 })
      // Everything that is known is told by somebody: a and b hold no more than the store.
      expect(yield* pull(later)).toMatchObject({ changed: 0 })
    })
  )

  it.scoped("its entries keep the device that captured them: a window on that device still forgets them", () =>
    Effect.gen(function* () {
      const { a, b, id, joined } = yield* three
      yield* retire(a, "old")
      const later = yield* joined("later")
      yield* pull(later)
      const whole = yield* commandsOf(later)
      yield* later.as(
        Effect.flatMap(HistoryDb, (db) =>
          db.log.forget({ ids: [], twins: [], windows: [{ from: 0, to: 4e15, device: id }] })
        )
      )
      yield* push(later)
      for (const device of [a, b]) {
        yield* pull(device)
        yield* push(device)
      }
      expect(whole.length).toBeGreaterThan(60)
      for (const device of [a, b, later]) expect(yield* commandsOf(device)).toEqual(["of a", "of b"])
    })
  )

  it.scoped("entries forgotten afterwards go from the store: somebody owns them again", () =>
    Effect.gen(function* () {
      const { a, b, joined, world } = yield* three
      yield* retire(a, "old")
      yield* pull(b)
      yield* forgetAt(b, [11])
      yield* push(b)
      yield* pull(a)
      const before = [...world.bucket.objects.keys()]
      expect(yield* push(a)).toMatchObject({ published: true })
      expect([...world.bucket.objects.keys()]).not.toEqual(before)
      const later = yield* joined("later")
      yield* pull(later)
      expect((yield* commandsOf(later)).some((command) => command.startsWith("echo 11 "))).toBe(false)
      expect(yield* digestOf(later)).toEqual(yield* digestOf(a))
    })
  )

  it.scoped("takes the device as it is in the store, also what nobody had pulled", () =>
    Effect.gen(function* () {
      const { a, c, joined } = yield* three
      yield* runs(c, "the last one")
      yield* push(c)
      yield* retire(a, yield* c.id)
      const later = yield* joined("later")
      yield* pull(later)
      expect(yield* commandsOf(later)).toContain("the last one")
    })
  )

  it.scoped("by a name that means nobody, several or this device is refused before anything is done", () =>
    Effect.gen(function* () {
      const { a, b, id, world } = yield* three
      yield* rename(b, "old")
      yield* push(b)
      const before = [...world.bucket.objects.entries()].map(([name, { etag }]) => [name, etag])
      expect(yield* Effect.flip(retire(a, "nobody"))).toMatchObject({ _tag: "DeviceUnknown", reason: "None" })
      expect(yield* Effect.flip(retire(a, "old"))).toMatchObject({ _tag: "DeviceUnknown", reason: "Several" })
      expect(yield* Effect.flip(retire(a, "laptop"))).toMatchObject({ _tag: "DeviceUnknown", reason: "Self" })
      expect(yield* Effect.flip(retire(a, (yield* a.id).slice(0, 8)))).toMatchObject({ reason: "Self" })
      expect([...world.bucket.objects.entries()].map(([name, { etag }]) => [name, etag])).toEqual(before)
      expect(yield* retire(a, id.slice(0, 8))).toMatchObject({ device: id })
    })
  )

  it.scoped("costs nothing of anybody else's, and the next push and pull cost what they always do", () =>
    Effect.gen(function* () {
      const { a, b } = yield* three
      yield* retire(a, "old")
      yield* pull(b)
      expect(yield* requestsOf(a, push(a))).toEqual([])
      expect(yield* requestsOf(a, pull(a))).toEqual(["list"])
      expect(yield* requestsOf(b, pull(b))).toEqual(["list"])
      yield* runs(a, "small")
      expect(yield* requestsOf(a, push(a))).toEqual(["put"])
      const status = yield* a.as(devices({ ask: true }))
      expect(status.devices.find(({ label }) => label === "old")).toMatchObject({ retired: { by: "laptop" }, lag: 0 })
      expect(status.answer).toMatchObject({ devices: 1, unknown: [] })
    })
  )
})

describe("a device that is still at work while it is retired", () => {
  it.scoped("what it publishes between being read and being deleted is taken over too", () =>
    Effect.gen(function* () {
      const { a, c, joined, world } = yield* three
      let published = 0
      world.faults.wrap = (store) => ({
        ...store,
        put: (name, bytes, options) =>
          Effect.gen(function* () {
            const stored = yield* store.put(name, bytes, options)
            if (published++ > 0) return stored
            yield* Effect.orDie(Effect.zipRight(runs(c, "in the very last moment"), push(c)))
            return stored
          })
      })
      expect(yield* retire(a, "old")).toMatchObject({ lost: [], left: 0 })
      world.faults.wrap = (store) => store
      const later = yield* joined("later")
      yield* pull(later)
      expect(yield* commandsOf(later)).toContain("in the very last moment")
      expect(yield* digestOf(later)).toEqual(yield* digestOf(a))
    })
  )

  it.scoped("what it publishes later still is its own: it is told, and brings it when it joins again", () =>
    Effect.gen(function* () {
      const { a, c, key, world } = yield* three
      let deleting = false
      world.faults.wrap = (store) => ({
        ...store,
        delete: (name) =>
          Effect.suspend(() => {
            if (deleting) return store.delete(name)
            deleting = true
            return runs(c, "too late").pipe(Effect.zipRight(push(c)), Effect.orDie, Effect.zipRight(store.delete(name)))
          })
      })
      yield* retire(a, "old")
      world.faults.wrap = (store) => store
      yield* runs(c, "later still")
      expect(yield* Effect.flip(push(c))).toMatchObject({ _tag: "DeviceRetired" })
      expect((yield* initDevice(c, { key })).forks).toMatchObject([{ moved: 2 }])
      yield* push(c)
      yield* pull(a)
      expect(yield* commandsOf(a)).toEqual(expect.arrayContaining(["later still", "too late"]))
    })
  )
})

describe("what cannot be read of the device", () => {
  const firstSegment = (objects: ReadonlyArray<string>) => objects.find((name) => name.startsWith("segments/")) ?? ""

  it.scoped("but was pulled before, is taken from the history: nothing is lost", () =>
    Effect.gen(function* () {
      const { a, id, joined, objectsOf, world } = yield* three
      const before = yield* digestOf(a)
      world.bucket.objects.delete(firstSegment(objectsOf(id)))
      expect(yield* retire(a, "old")).toMatchObject({ lost: [] })
      const later = yield* joined("later")
      yield* pull(later)
      expect(yield* digestOf(later)).toEqual(before)
    })
  )

  it.scoped("and never was, is named, and nothing is done; unless somebody accepts the loss", () =>
    Effect.gen(function* () {
      const { id, joined, objectsOf, world } = yield* three
      const segment = firstSegment(objectsOf(id))
      world.bucket.objects.delete(segment)
      const later = yield* joined("later")
      yield* pull(later)
      const before = [...world.bucket.objects.keys()].sort()
      const error = yield* Effect.flip(retire(later, "old"))
      expect(error).toMatchObject({ _tag: "RetireIncomplete", device: "old", lost: [{ name: segment }] })
      expect([...world.bucket.objects.keys()].sort()).toEqual(before)
      expect(yield* retire(later, "old", true)).toMatchObject({ lost: [{ name: segment }], left: 0 })
      expect(objectsOf(id)).toEqual([])
      expect(yield* pull(later)).toMatchObject({ problems: [] })
    })
  )

  it.scoped("a segment of one that another has taken over, and whose manifest stands again: it goes as any other", () =>
    Effect.gen(function* () {
      const { a, id, joined, objectsOf, world } = yield* three
      const manifest = Uint8Array.from(world.bucket.objects.get(manifestName(id))?.bytes ?? [])
      yield* retire(a, "old")
      plant(world.bucket, manifestName(id), manifest)
      const later = yield* joined("later")
      yield* pull(later)
      expect(yield* retire(later, id)).toMatchObject({ by: "laptop", lost: [], left: 0, failure: null })
      expect(objectsOf(id)).toEqual([])
    })
  )

  it.scoped(
    "nothing at all, of a device that never had anything, by one that has not either: it is published all the same",
    () =>
      Effect.gen(function* () {
        const { a, joined, world } = yield* three
        const [idle, later] = [yield* joined("idle"), yield* joined("later")]
        yield* push(idle, true)
        const id = yield* idle.id
        expect(yield* retire(later, id)).toMatchObject({ left: 0, pushed: { published: true } })
        expect(world.bucket.objects.has(manifestName(yield* later.id))).toBe(true)
        expect(yield* requestsOf(later, push(later))).toEqual([])
        yield* pull(a)
        expect(yield* a.as(knownRetired)).toSatisfy((retired: ReadonlyMap<string, unknown>) => retired.has(id))
        expect(yield* Effect.flip(pull(idle))).toMatchObject({ _tag: "DeviceRetired" })
      })
  )

  it.scoped("its manifest, where the one before was pulled: refused, since nobody can tell what it says", () =>
    Effect.gen(function* () {
      const { a, id, joined, world } = yield* three
      const before = yield* digestOf(a)
      plant(world.bucket, manifestName(id), new Uint8Array([1, 2, 3]))
      expect(yield* Effect.flip(retire(a, "old"))).toMatchObject({
        _tag: "RetireIncomplete",
        lost: [{ name: manifestName(id), operations: null }]
      })
      yield* retire(a, "old", true)
      const later = yield* joined("later")
      yield* pull(later)
      expect(yield* digestOf(later)).toEqual(before)
    })
  )

  it.scoped("its manifest is gone, and all it said had been pulled: it is taken over from the history", () =>
    Effect.gen(function* () {
      const { a, id, joined, objectsOf, world } = yield* three
      const before = yield* digestOf(a)
      world.bucket.objects.delete(manifestName(id))
      expect((yield* pull(a)).problems).toHaveLength(1)
      expect(yield* retire(a, "old")).toMatchObject({ lost: [] })
      expect(objectsOf(id)).toEqual([])
      expect((yield* pull(a)).problems).toEqual([])
      const later = yield* joined("later")
      yield* pull(later)
      expect(yield* digestOf(later)).toEqual(before)
    })
  )
})

describe("a device that was retired and comes back", () => {
  const RETIRED = { _tag: "DeviceRetired", by: "laptop" }

  it.scoped("is told so, whether it pulls or pushes, and from then on without a request", () =>
    Effect.gen(function* () {
      const { a, c } = yield* three
      yield* retire(a, "old")
      expect(yield* push(c)).toMatchObject({ published: false })
      yield* runs(c, "typed on the old one")
      // The swap that fails, the look at what stands there, and who says why.
      const requests = yield* requestsOf(c, Effect.asVoid(Effect.flip(push(c))))
      expect(requests).toEqual(["put", "get", "list", "get"])
      expect(yield* Effect.flip(push(c))).toMatchObject(RETIRED)
      expect(yield* requestsOf(c, Effect.flip(push(c)))).toEqual([])
      expect(yield* requestsOf(c, Effect.flip(pull(c)))).toEqual([])
    })
  )

  it.scoped("is told by a pull too, forced or not, also before its objects are deleted", () =>
    Effect.gen(function* () {
      const { a, c, world } = yield* three
      world.faults.wrap = (store) => ({ ...store, delete: () => Effect.die("killed") })
      yield* Effect.exit(retire(a, "old"))
      world.faults.wrap = (store) => store
      expect(yield* Effect.flip(pull(c, true))).toMatchObject(RETIRED)
    })
  )

  it.scoped("joins again under a new id, keeps its history, and publishes what nobody had taken over", () =>
    Effect.gen(function* () {
      const { a, b, c, id, key } = yield* three
      yield* retire(a, "old")
      yield* runs(c, "typed on the old one")
      yield* Effect.flip(push(c))
      const known = yield* commandsOf(c)
      const joined = yield* initDevice(c, { key })
      expect(joined.forks).toMatchObject([{ from: id, moved: 1, retiredBy: "laptop" }])
      expect(yield* c.id).not.toBe(id)
      expect(yield* commandsOf(c)).toEqual(known)
      expect((yield* pull(c)).problems).toEqual([])
      expect(yield* push(c)).toMatchObject({ operations: 1 })
      for (const device of [a, b, c]) {
        expect((yield* pull(device)).problems).toEqual([])
        expect(yield* commandsOf(device)).toEqual([...known].sort())
      }
    })
  )

  it.scoped("after a reset it is no different", () =>
    Effect.gen(function* () {
      const { a, c, id, key } = yield* three
      yield* retire(a, "old")
      yield* runs(c, "typed on the old one")
      yield* c.as(SyncState.clear)
      expect((yield* initDevice(c, { key })).forks).toMatchObject([{ from: id, moved: 1 }])
      yield* push(c)
      yield* pull(a)
      expect(yield* commandsOf(a)).toContain("typed on the old one")
    })
  )

  it.scoped("where not all of it could be taken over it publishes everything again", () =>
    Effect.gen(function* () {
      const { b, c, id, joined, key, objectsOf, world } = yield* three
      const segment = objectsOf(id).find((name) => name.startsWith("segments/")) ?? ""
      world.bucket.objects.delete(segment)
      const later = yield* joined("later")
      yield* pull(later)
      yield* retire(later, "old", true)
      yield* Effect.flip(pull(c))
      expect((yield* initDevice(c, { key })).forks[0]?.moved).toBeGreaterThan(60)
      yield* push(c)
      yield* pull(later)
      yield* pull(b)
      expect(yield* digestOf(later)).toEqual(yield* digestOf(b))
    })
  )

  it.scoped("what it publishes all the same is read by nobody, also not by a device that joins later", () =>
    Effect.gen(function* () {
      const { a, b, c, id, joined, world } = yield* three
      const old = Uint8Array.from(world.bucket.objects.get(manifestName(id))?.bytes ?? [])
      yield* retire(a, "old")
      plant(world.bucket, manifestName(id), old)
      const later = yield* joined("later")
      for (const device of [a, b, later]) {
        const report = yield* pull(device)
        expect(report.problems).toEqual([])
        expect(yield* requestsOf(device, pull(device))).toEqual(["list"])
      }
      expect(yield* digestOf(later)).toEqual(yield* digestOf(a))
      expect(yield* Effect.flip(pull(c))).toMatchObject(RETIRED)
      // What is left there goes when it is retired again.
      expect(yield* retire(b, "old")).toMatchObject({ left: 0 })
      expect([...world.bucket.objects.keys()].filter((name) => name.includes(id))).toEqual([])
    })
  )
})

describe("several retirements", () => {
  it.scoped("two devices retire the same one at once: both are right, and nothing is told twice over", () =>
    Effect.gen(function* () {
      const { a, b, joined, objectsOf, id, world } = yield* three
      const before = yield* digestOf(a)
      // b begins while a has published its retirement and deleted nothing yet.
      let again = true
      world.faults.wrap = (store) => ({
        ...store,
        delete: (name) =>
          Effect.suspend(() => {
            if (!again) return store.delete(name)
            again = false
            return Effect.zipRight(Effect.orDie(retire(b, "old")), store.delete(name))
          })
      })
      expect(yield* retire(a, "old")).toMatchObject({ left: 0 })
      expect(objectsOf(id)).toEqual([])
      for (const device of [a, b]) expect((yield* pull(device)).problems).toEqual([])
      const later = yield* joined("later")
      yield* pull(later)
      for (const device of [a, b, later]) expect(yield* digestOf(device)).toEqual(before)
    })
  )

  it.scoped("a second one, later, finds nothing to do", () =>
    Effect.gen(function* () {
      const { a, b } = yield* three
      yield* retire(a, "old")
      expect(yield* retire(b, "old")).toMatchObject({
        by: "laptop",
        taken: 0,
        deleted: 0,
        pushed: { published: false }
      })
    })
  )

  it.scoped("two devices retire each other at once: not both delete, and whoever is told joins again", () =>
    Effect.gen(function* () {
      const { a, b, joined, key, world } = yield* three
      const before = yield* digestOf(a)
      // b retires a between a's word and its second look at b.
      let begun = false
      world.faults.wrap = (store) => ({
        ...store,
        put: (name, bytes, options) =>
          Effect.gen(function* () {
            const stored = yield* store.put(name, bytes, options)
            if (begun || !name.startsWith("manifests/")) return stored
            begun = true
            yield* Effect.exit(retire(b, "laptop"))
            return stored
          })
      })
      yield* Effect.exit(retire(a, "desktop"))
      world.faults.wrap = (store) => store
      for (const device of [a, b]) {
        const exit = yield* Effect.either(Effect.zipRight(pull(device), push(device)))
        if (exit._tag === "Left") {
          yield* initDevice(device, { key })
          yield* pull(device)
          yield* push(device)
        }
      }
      yield* pull(a)
      yield* pull(b)
      const later = yield* joined("later")
      yield* pull(later)
      for (const device of [a, b, later]) expect(yield* digestOf(device)).toEqual(before)
    })
  )

  it.scoped(
    "a device that had begun to retire the one that retired it does not go on with that when it joins again",
    () =>
      Effect.gen(function* () {
        const { a, b, joined, key, world } = yield* three
        const before = yield* digestOf(a)
        // a retires b between b's taking it over, which is recorded, and b's word.
        let begun = false
        world.faults.wrap = (store) => ({
          ...store,
          put: (name, bytes, options) =>
            Effect.gen(function* () {
              if (!begun && name.startsWith("manifests/")) {
                begun = true
                yield* Effect.orDie(retire(a, "desktop"))
              }
              return yield* store.put(name, bytes, options)
            })
        })
        expect(yield* Effect.flip(retire(b, "laptop"))).toMatchObject({ _tag: "DeviceRetired" })
        world.faults.wrap = (store) => store
        yield* initDevice(b, { key })
        yield* push(b)
        expect((yield* pull(a)).problems).toEqual([])
        const later = yield* joined("later")
        yield* pull(later)
        yield* pull(b)
        for (const device of [a, b, later]) expect(yield* digestOf(device)).toEqual(before)
      })
  )

  it.scoped("retiring a retirer carries its retirements over", () =>
    Effect.gen(function* () {
      const { a, b, c, id, joined, world } = yield* three
      const before = yield* digestOf(a)
      const old = Uint8Array.from(world.bucket.objects.get(manifestName(id))?.bytes ?? [])
      yield* retire(a, "old")
      yield* retire(b, "laptop")
      plant(world.bucket, manifestName(id), old)
      const later = yield* joined("later")
      expect((yield* pull(later)).problems).toEqual([])
      expect(yield* requestsOf(later, pull(later))).toEqual(["list"])
      for (const device of [b, later]) expect(yield* digestOf(device)).toEqual(before)
      expect(yield* Effect.flip(pull(c))).toMatchObject({ _tag: "DeviceRetired", by: "desktop" })
      expect(yield* Effect.flip(pull(a))).toMatchObject({ _tag: "DeviceRetired", by: "desktop" })
    })
  )

  it.scoped("are remembered through a reset", () =>
    Effect.gen(function* () {
      const { a, c, key } = yield* three
      yield* retire(a, "old")
      yield* a.as(SyncState.clear)
      yield* initDevice(a, { key })
      yield* runs(a, "after the reset")
      yield* push(a)
      expect(yield* Effect.flip(pull(c))).toMatchObject({ _tag: "DeviceRetired" })
    })
  )
})

describe("what was left over", () => {
  it.scoped("a device that joins a moved vault second brings along what only it knows of a third one", () =>
    Effect.gen(function* () {
      const { a, b, c, key, world } = yield* three
      yield* runs(c, "only b has seen this")
      yield* push(c)
      yield* pull(b)
      const elsewhere = storeAt(world, "/elsewhere")
      expect((yield* initDevice(a, { url: elsewhere.url })).outcome).toBe("moved")
      yield* push(a)
      expect((yield* initDevice(b, { url: elsewhere.url, key })).outcome).toBe("joined")
      yield* pull(b)
      yield* push(b)
      yield* pull(a)
      expect(yield* commandsOf(a)).toContain("only b has seen this")
      expect(yield* digestOf(a)).toEqual(yield* digestOf(b))
      // Nothing is told anew with every pull.
      yield* pull(b)
      expect(yield* push(b)).toMatchObject({ published: false })
    })
  )

  it.scoped("a stale conflict copy that names segments which are gone is no problem", () =>
    Effect.gen(function* () {
      const { a, b, c, id, joined, world } = yield* three
      const copy = Uint8Array.from(world.bucket.objects.get(manifestName(id))?.bytes ?? [])
      yield* forgetAt(c, [1, 30, 50])
      yield* push(c)
      plant(world.bucket, manifestName(id).replace(".hxm", ".sync-conflict-1.hxm"), copy)
      const later = yield* joined("later")
      for (const device of [a, b, c, later]) {
        expect((yield* pull(device)).problems).toEqual([])
        expect(yield* requestsOf(device, pull(device))).toEqual(["list"])
      }
      expect(yield* digestOf(later)).toEqual(yield* digestOf(a))
    })
  )

  it.scoped("the sequence it had reached is remembered of every vault", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a")
      const first = yield* initDevice(a)
      yield* runs(a, "one")
      yield* push(a)
      yield* a.as(SyncState.clear)
      const other = yield* makeDevice(world, "other")
      const elsewhere = storeAt(world, "/elsewhere")
      const second = yield* initDevice(other, { url: elsewhere.url })
      yield* initDevice(a, { url: elsewhere.url, key: Option.getOrThrow(second.recoveryKey) })
      yield* push(a)
      yield* a.as(SyncState.clear)
      expect(yield* a.as(SyncState.highestIn(first.vaultId))).toBe(1)
      expect(yield* a.as(SyncState.highestIn(second.vaultId))).toBe(1)
    })
  )
})
