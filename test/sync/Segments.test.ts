import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import type { Entry } from "../../src/domain/Entry.ts"
import { plant } from "../../src/store/MemoryObjectStore.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { commandsOf, historyOf } from "./History.ts"
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

/** Entries whose text does not compress: 2,000 of them are more than an inline tail may hold. */
const noise = (device: TestDevice, first: number, count: number) =>
  Effect.gen(function* () {
    const entries: Array<Entry> = []
    for (let index = first; index < first + count; index++) {
      const text = createHash("sha512").update(String(index)).digest("base64")
      entries.push(yield* imported(device, `echo ${index} ${text}`, 1_600_000_000 + index))
    }
    return entries
  })

const many = 2_000

const pair = Effect.gen(function* () {
  const world = makeWorld()
  const a = yield* makeDevice(world, "a")
  const b = yield* makeDevice(world, "b")
  const key = yield* joinAll(a, b)
  return { world, a, b, key }
})

const segmentsIn = (world: World) => [...world.bucket.objects.keys()].filter((name) => name.startsWith("segments/"))

describe("segments", () => {
  it.scoped("a tail past its size becomes a segment: one PUT more, one GET more for each reader", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      yield* record(a, ...(yield* noise(a, 0, many)))
      expect(yield* requestsOf(a, push(a))).toEqual(["put", "put"])
      expect(segmentsIn(world)).toHaveLength(1)
      expect(yield* requestsOf(b, pull(b))).toEqual(["list", "get", "get"])
      expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
      yield* record(a, ...(yield* noise(a, many, 1)))
      expect(yield* requestsOf(a, push(a))).toEqual(["put"])
      expect(yield* requestsOf(b, pull(b))).toEqual(["list", "get"])
    })
  )

  it.scoped("segments larger than allowed are halved, and the log stays whole", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a", { segmentSize: 64 * 1024 })
      const b = yield* makeDevice(world, "b")
      yield* joinAll(a, b)
      yield* record(a, ...(yield* noise(a, 0, 4_000)))
      yield* push(a)
      const sizes = segmentsIn(world).map((name) => world.bucket.objects.get(name)?.bytes.length ?? 0)
      expect(sizes.length).toBeGreaterThan(4)
      expect(Math.max(...sizes)).toBeLessThanOrEqual(64 * 1024)
      expect((yield* pull(b)).absorbed.added).toBe(4_000)
    })
  )

  it.scoped("a damaged segment is passed over and reported, and read when it is whole again", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      yield* record(a, ...(yield* noise(a, 0, many)))
      yield* push(a)
      yield* record(a, ...(yield* noise(a, many, 3)))
      yield* push(a)
      const [name = ""] = segmentsIn(world)
      const whole = world.bucket.objects.get(name)?.bytes ?? new Uint8Array()
      const damaged = Uint8Array.from(whole)
      damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] ?? 0) ^ 0x10
      plant(world.bucket, name, damaged)
      const bad = yield* pull(b)
      expect(bad).toMatchObject({ absorbed: { added: 3 }, problems: [{ kind: "segment", name }] })
      plant(world.bucket, name, whole)
      expect(yield* pull(b)).toMatchObject({ absorbed: { added: many }, problems: [] })
      expect(yield* requestsOf(b, pull(b))).toEqual(["list"])
      expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
    })
  )

  it.scoped("forgetting rewrites the segment that held the entry and deletes the old one", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      const entries = yield* noise(a, 0, many)
      yield* record(a, ...entries)
      yield* push(a)
      yield* pull(b)
      const [old] = segmentsIn(world)
      const victim = entries[1_000]
      yield* a.as(
        Effect.flatMap(HistoryDb, (db) =>
          db.log.forget({ ids: victim === undefined ? [] : [victim.id], twins: [], windows: [] })
        )
      )
      expect(yield* requestsOf(a, push(a))).toEqual(["put", "put", "delete"])
      expect(segmentsIn(world)).toHaveLength(1)
      expect(segmentsIn(world)).not.toContain(old)
      // The reader has passed this boundary, so it fetches the rule and nothing else.
      expect(yield* requestsOf(b, pull(b))).toEqual(["list", "get"])
      expect(yield* commandsOf(b)).toEqual(yield* commandsOf(a))
      expect(yield* commandsOf(b)).not.toContain(victim?.command)
    })
  )

  it.scoped("small neighbours are merged as they pile up, and readers notice nothing", () =>
    Effect.gen(function* () {
      const { a, b, key, world } = yield* pair
      let first = 0
      for (let round = 0; round < 9; round++, first += 1_200) {
        yield* record(a, ...(yield* noise(a, first, 1_200)))
        yield* push(a)
        if (round === 6) yield* pull(b)
      }
      const now = segmentsIn(world)
      const c = yield* makeDevice(world, "c")
      yield* initDevice(c, { key })
      const pulled = yield* pull(c)
      expect(pulled.segments).toBeLessThan(9)
      expect(now.length).toBeGreaterThan(pulled.segments)
      yield* pull(b)
      expect(yield* historyOf(c)).toEqual(yield* historyOf(a))
      expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
    })
  )

  it.scoped("a push killed between its uploads goes on where it was: what is durable is not sent again", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a", { segmentSize: 64 * 1024, concurrentUploads: 1 })
      const b = yield* makeDevice(world, "b")
      yield* joinAll(a, b)
      yield* record(a, ...(yield* noise(a, 0, 4_000)))
      let sent = 0
      world.faults.wrap = (store) => ({
        ...store,
        put: (name, bytes, options) =>
          Effect.suspend(() => (++sent > 3 ? Effect.die("killed") : store.put(name, bytes, options)))
      })
      yield* Effect.exit(push(a))
      world.faults.wrap = (store) => store
      const durable = segmentsIn(world)
      expect(durable).toHaveLength(3)
      const requests = yield* requestsOf(a, push(a))
      expect(requests.filter((request) => request === "put")).toHaveLength(segmentsIn(world).length - 3 + 1)
      expect(segmentsIn(world)).toEqual(expect.arrayContaining(durable))
      expect((yield* pull(b)).absorbed.added).toBe(4_000)
    })
  )

  it.scoped("a segment that its owner rewrote while we read is found through the newer manifest", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* pair
      const entries = yield* noise(a, 0, many)
      yield* record(a, ...entries)
      yield* push(a)
      let once = true
      world.faults.wrap = (store) => ({
        ...store,
        get: (name, maxBytes) =>
          name.startsWith("segments/") && once
            ? Effect.suspend(() => {
                once = false
                return Effect.zipRight(
                  Effect.orDie(forgetFirst(a, entries).pipe(Effect.zipRight(push(a)))),
                  store.get(name, maxBytes)
                )
              })
            : store.get(name, maxBytes)
      })
      const pulled = yield* pull(b)
      expect(pulled).toMatchObject({ problems: [], absorbed: { added: many - 1 } })
      expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
    })
  )

  it.scoped("a store that fails in mid-pull leaves what was applied, and the next pull completes it", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a", { segmentSize: 64 * 1024 })
      const b = yield* makeDevice(world, "b", { concurrentDownloads: 1 })
      yield* joinAll(a, b)
      yield* record(a, ...(yield* noise(a, 0, 4_000)))
      yield* push(a)
      let read = 0
      world.faults.wrap = (store) => ({
        ...store,
        get: (name, maxBytes) =>
          ++read > 3
            ? Effect.fail(new StoreError({ reason: "ConnectionLost", operation: "get", subject: name }))
            : store.get(name, maxBytes)
      })
      expect(yield* Effect.flip(pull(b))).toMatchObject({ reason: "ConnectionLost" })
      world.faults.wrap = (store) => store
      const requests = yield* requestsOf(b, pull(b))
      expect(requests.filter((request) => request === "get")).toHaveLength(1 + segmentsIn(world).length - 2)
      expect(yield* historyOf(b)).toEqual(yield* historyOf(a))
    })
  )
})

const forgetFirst = (device: TestDevice, entries: ReadonlyArray<Entry>) =>
  device.as(
    Effect.flatMap(HistoryDb, (db) =>
      db.log.forget({ ids: entries.slice(0, 1).map((entry) => entry.id), twins: [], windows: [] })
    )
  )
