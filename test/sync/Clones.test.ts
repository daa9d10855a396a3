import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { plant } from "../../src/store/MemoryObjectStore.ts"
import { manifestName } from "../../src/sync/ObjectNames.ts"
import { commandsOf, historyOf } from "./History.ts"
import {
  imported,
  initDevice,
  live,
  makeInstallation,
  makeWorld,
  pull,
  push,
  record,
  type TestDevice,
  type World
} from "./World.ts"

let counter = 0
const runs = (device: TestDevice, ...commands: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    for (const command of commands) yield* record(device, yield* live(device, command, ++counter))
  })

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "hx-clones-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** Device a, whose data directory can be copied: what a copy opens is what stood there at that moment. */
const installation = Effect.gen(function* () {
  const world = makeWorld()
  const root = yield* directory
  const a = yield* makeInstallation(world, "a", join(root, "a"))
  const b = yield* makeInstallation(world, "b", join(root, "b"))
  const key = (yield* initDevice(a)).recoveryKey
  yield* initDevice(b, key._tag === "Some" ? { key: key.value } : {})
  const copy = (from: string, to: string) =>
    Effect.sync(() => cpSync(join(root, from), join(root, to), { recursive: true }))
  const open = (name: string) => makeInstallation(world, `another run of ${name}`, join(root, name))
  const clone = (from: string, to: string) => Effect.zipRight(copy(from, to), open(to))
  return { world, a, b, copy, open, clone }
})

/** Until nobody has anything to tell: everybody knows the same, and nobody reports anything. */
const converge = (...devices: ReadonlyArray<TestDevice>) =>
  Effect.gen(function* () {
    for (let round = 0; round < 3; round++) {
      for (const device of devices) {
        yield* pull(device)
        yield* push(device)
      }
    }
    for (const device of devices) {
      expect(yield* push(device)).toMatchObject({ operations: 0 })
      expect((yield* pull(device)).problems).toEqual([])
    }
    const [first, ...others] = yield* Effect.forEach(devices, historyOf)
    for (const other of others) expect(other).toEqual(first)
    const ids = new Set(yield* Effect.forEach(devices, (device) => device.id))
    expect(ids.size).toBe(devices.length)
  })

const forget = (device: TestDevice, command: string) =>
  Effect.gen(function* () {
    const found = (yield* historyOf(device)).find((entry) => entry.command === command)
    const ids = found === undefined ? [] : [found.id]
    yield* device.as(Effect.flatMap(HistoryDb, (db) => db.log.forget({ ids, twins: [], windows: [] })))
  })

describe("installations that share an id become several", () => {
  it.scoped("a copy made while operations are pending, after which both push", () =>
    Effect.gen(function* () {
      const { a, b, clone } = yield* installation
      yield* runs(a, "published")
      yield* push(a)
      yield* runs(a, "pending")
      const c = yield* clone("a", "c")
      yield* runs(c, "of the copy")
      yield* runs(a, "of the original")
      yield* push(c)
      expect((yield* push(a)).forks).toMatchObject([{ moved: 1 }])
      yield* converge(a, b, c)
      expect(yield* commandsOf(b)).toEqual(["of the copy", "of the original", "pending", "published"])
    })
  )

  it.scoped("a copy of a copy, each of which pushed before the next was made", () =>
    Effect.gen(function* () {
      const { a, b, clone } = yield* installation
      yield* runs(a, "one")
      yield* push(a)
      const c = yield* clone("a", "c")
      yield* runs(c, "two")
      yield* push(c)
      const d = yield* clone("c", "d")
      yield* runs(a, "three")
      yield* runs(d, "four")
      yield* push(d)
      yield* push(a)
      yield* runs(c, "five")
      yield* push(c)
      yield* converge(a, b, c, d)
      expect(yield* commandsOf(b)).toHaveLength(5)
    })
  )

  it.scoped("a copy made between a swap and its outcome: both know it as theirs, and then go their ways", () =>
    Effect.gen(function* () {
      const { a, b, clone, world } = yield* installation
      yield* runs(a, "one")
      killingAfterSwap(world)
      yield* Effect.exit(push(a))
      world.faults.wrap = (store) => store
      const c = yield* clone("a", "c")
      expect((yield* push(a)).forks).toEqual([])
      expect((yield* push(c)).forks).toEqual([])
      yield* runs(a, "two")
      yield* runs(c, "three")
      yield* push(a)
      expect((yield* push(c)).forks).toHaveLength(1)
      yield* converge(a, b, c)
    })
  )

  it.scoped(
    "a restored backup brings nothing back that was forgotten since, and loses nothing it had not published",
    () =>
      Effect.gen(function* () {
        const { a, b, copy, open } = yield* installation
        yield* runs(a, "one", "secret")
        yield* push(a)
        yield* runs(a, "secret, not yet published")
        yield* copy("a", "backup")
        yield* push(a)
        yield* forget(a, "secret")
        yield* forget(a, "secret, not yet published")
        yield* push(a)
        yield* pull(b)
        const restored = yield* open("backup")
        yield* runs(restored, "after the backup was restored")
        yield* push(restored)
        yield* pull(b)
        expect(yield* commandsOf(b)).toEqual(["after the backup was restored", "one"])
        yield* converge(b, restored)
        expect(yield* commandsOf(restored)).toEqual(["after the backup was restored", "one"])
      })
  )

  it.scoped("what the other installation published behind our back survives push --force", () =>
    Effect.gen(function* () {
      const { a, b, clone, world } = yield* installation
      const name = manifestName(yield* a.id)
      yield* runs(a, "one")
      yield* push(a)
      const older = Uint8Array.from(world.bucket.objects.get(name)?.bytes ?? [])
      const c = yield* clone("a", "c")
      for (const command of ["two", "three", "four"]) {
        yield* runs(a, command)
        yield* push(a)
      }
      // The store is restored from a backup, and the copy publishes first: still below what the original has published.
      plant(world.bucket, name, older)
      yield* runs(c, "of the copy")
      yield* push(c)
      yield* runs(a, "five")
      expect(yield* Effect.flip(push(a))).toMatchObject({ _tag: "SequenceConflict" })
      expect((yield* push(a, true)).forks).toHaveLength(1)
      yield* pull(b)
      expect(yield* commandsOf(b)).toEqual(["five", "four", "of the copy", "one", "three", "two"])
    })
  )

  it.scoped("a segment of the other installation that cannot be read keeps nobody from going on", () =>
    Effect.gen(function* () {
      const { a, b, clone, world } = yield* installation
      yield* runs(a, "one")
      yield* push(a)
      const c = yield* clone("a", "c")
      yield* runs(a, "x".repeat(100), noise(200_000))
      yield* push(a)
      const segment = [...world.bucket.objects.keys()].find((each) => each.startsWith("segments/")) ?? ""
      const whole = world.bucket.objects.get(segment)?.bytes ?? new Uint8Array()
      plant(world.bucket, segment, whole.slice(0, -1))
      yield* runs(c, "of the copy")
      expect((yield* push(c)).forks).toMatchObject([{ moved: 2 }])
      plant(world.bucket, segment, whole)
      yield* converge(a, b, c)
    })
  )

  it.scoped("both import the same files, but the copy's say more: everybody learns it", () =>
    Effect.gen(function* () {
      const { a, b, clone } = yield* installation
      yield* runs(a, "one")
      yield* push(a)
      const c = yield* clone("a", "c")
      const entry = yield* imported(a, "make", 1_600_000_000)
      yield* record(a, { ...entry, host: null })
      yield* record(c, { ...entry, duration: 5_000_000 })
      yield* push(a)
      yield* push(c)
      yield* converge(a, b, c)
      expect((yield* historyOf(b)).find((each) => each.command === "make")).toMatchObject({ duration: 5_000_000 })
    })
  )

  it.scoped(
    "copies of one that never published import the same file under different hosts: everybody learns the same",
    () =>
      Effect.gen(function* () {
        const { a, b, clone } = yield* installation
        const c = yield* clone("a", "c")
        const entry = yield* imported(a, "make", 1_600_000_000)
        yield* record(a, { ...entry, host: "the other host" })
        yield* record(c, { ...entry, host: "one host" })
        yield* push(a)
        expect((yield* push(c)).forks).toMatchObject([{ moved: 1 }])
        yield* converge(a, b, c)
        expect(yield* historyOf(b)).toMatchObject([{ host: "one host" }])
      })
  )
})

describe("a copy that a file synchroniser left of this device's own manifest", () => {
  it.scoped("is read here too: all devices know the same", () =>
    Effect.gen(function* () {
      const { a, b, clone, world } = yield* installation
      const name = manifestName(yield* a.id)
      yield* runs(a, "one")
      yield* push(a)
      const before = Uint8Array.from(world.bucket.objects.get(name)?.bytes ?? [])
      const c = yield* clone("a", "c")
      yield* runs(c, "of the copy")
      yield* push(c)
      const copy = Uint8Array.from(world.bucket.objects.get(name)?.bytes ?? [])
      plant(world.bucket, name, before)
      plant(world.bucket, name.replace(".hxm", ".sync-conflict-20261122-101112-ABCDEFG.hxm"), copy)
      yield* pull(b)
      expect(yield* pull(a)).toMatchObject({ problems: [], forks: [] })
      expect(yield* historyOf(a)).toEqual(yield* historyOf(b))
      expect((yield* pull(a)).changed).toBe(0)
    })
  )
})

describe("a copy that a file synchroniser left, with something forgotten in it", () => {
  it.scoped("is kept where another installation with this device's id has written it: it tells more", () =>
    Effect.gen(function* () {
      const { a, b, clone, world } = yield* installation
      const name = manifestName(yield* a.id)
      const copyName = name.replace(".hxm", ".sync-conflict-20261122-101112-ABCDEFG.hxm")
      yield* runs(a, "one")
      yield* push(a)
      const before = Uint8Array.from(world.bucket.objects.get(name)?.bytes ?? [])
      const c = yield* clone("a", "c")
      yield* runs(c, "of the copy")
      yield* push(c)
      const copy = Uint8Array.from(world.bucket.objects.get(name)?.bytes ?? [])
      plant(world.bucket, name, before)
      plant(world.bucket, copyName, copy)
      yield* pull(a)
      yield* a.as(
        Effect.gen(function* () {
          const { history, log } = yield* HistoryDb
          const found = yield* history.find({ words: ["one"], limit: 9 })
          yield* log.forget({ ids: found.map(({ id }) => id), twins: [], windows: [] })
        })
      )
      yield* push(a)
      expect(world.bucket.objects.has(copyName)).toBe(true)
      yield* pull(b)
      expect(yield* commandsOf(b)).toContain("of the copy")
    })
  )
})

const killingAfterSwap = (world: World) => {
  world.faults.wrap = (store) => ({
    ...store,
    put: (name, bytes, options) =>
      name.startsWith("manifests/")
        ? Effect.zipRight(store.put(name, bytes, options), Effect.die("killed"))
        : store.put(name, bytes, options)
  })
}

/** Text that does not compress to much less. */
const noise = (length: number) => {
  let text = ""
  for (let word = 1; text.length < length; word = (word * 48_271) % 2_147_483_647) text += word.toString(36)
  return text
}
