import { describe, expect, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { archive, type MemoryObject, plant } from "../../src/store/MemoryObjectStore.ts"
import type { ObjectStoreService } from "../../src/store/ObjectStore.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import type { DeviceId } from "../../src/domain/Device.ts"
import { manifestName, segmentsOf } from "../../src/sync/ObjectNames.ts"
import { activityOrNone } from "../../src/sync/SyncState.ts"
import { recordRetirements } from "../../src/sync/Retirements.ts"
import { failOnFindings, runVerify } from "../../src/sync/Verify.ts"
import { isRepaired, type VerifyReport } from "../../src/sync/VerifyReport.ts"
import type { Remedy } from "../../src/sync/VerifyFinding.ts"
import { historyOf } from "./History.ts"
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
  type TestDevice,
  type World
} from "./World.ts"

const verify = (device: TestDevice, repair = false) => device.as(runVerify({ repair }))

/** As the command ends. */
const outcome = (device: TestDevice, report: VerifyReport) => device.as(Effect.flip(failOnFindings(report)))

let counter = 0
/** So many commands, published: with a segment of their own. */
const publish = (device: TestDevice, ...commands: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    for (const command of commands) yield* record(device, yield* live(device, command, ++counter))
    return yield* push(device)
  })

/** Every push seals a segment. */
const small = { inlineTail: 16 }

/** Two devices that know the same: a with two segments and an inline tail, b with one segment. */
const vault = Effect.gen(function* () {
  const world = makeWorld()
  const a = yield* makeDevice(world, "a", small)
  const b = yield* makeDevice(world, "b", small)
  const key = yield* joinAll(a, b)
  yield* publish(a, "one", "two", "three")
  yield* publish(a, "four")
  yield* publish(b, "five", "six")
  yield* pull(a)
  yield* pull(b)
  const segments = (device: TestDevice) =>
    Effect.map(device.id, (id) =>
      [...world.bucket.objects.keys()].filter((name) => name.startsWith(segmentsOf(id))).sort()
    )
  const mine = yield* segments(a)
  const theirs = yield* segments(b)
  const manifest = manifestName(yield* a.id)
  const newcomer = Effect.gen(function* () {
    const c = yield* makeDevice(world, `c ${++counter}`, small)
    yield* initDevice(c, { key })
    return c
  })
  return { world, a, b, key, mine, theirs, manifest, newcomer }
})

type Vault = Effect.Effect.Success<typeof vault>

const contents = (world: World): ReadonlyMap<string, string> =>
  new Map([...world.bucket.objects].map(([name, { etag }]) => [name, etag]))

const kinds = (report: VerifyReport) => report.findings.map(({ kind }) => kind)
const open = (report: VerifyReport) => report.findings.filter((finding) => !isRepaired(report, finding))

describe("a vault that is whole", () => {
  it.scoped("is proved with one LIST and one GET an object, and left as it was, here and there", () =>
    Effect.gen(function* () {
      const { a, b, mine, theirs, world } = yield* vault
      const before = contents(world)
      for (const device of [a, b]) {
        const history = yield* historyOf(device)
        let report: VerifyReport | undefined
        const requests = yield* requestsOf(
          device,
          Effect.tap(verify(device), (made) => Effect.sync(() => void (report = made)))
        )
        const objects = 1 + 2 + mine.length + theirs.length
        expect([...requests].sort()).toEqual([...Array.from({ length: objects }, () => "get"), "list"])
        expect(report).toMatchObject({
          findings: [],
          leftovers: [],
          behind: [],
          objects: { vault: 1, manifests: 2, segments: mine.length + theirs.length },
          entries: 6,
          devices: 2,
          repaired: null
        })
        expect(report?.bytes).toBe([...world.bucket.objects.values()].reduce((sum, { bytes }) => sum + bytes.length, 0))
        if (report !== undefined) yield* device.as(failOnFindings(report))
        expect(yield* historyOf(device)).toEqual(history)
      }
      expect(contents(world)).toEqual(before)
    })
  )

  it.scoped("what it came to is remembered for status, and that of a repair", () =>
    Effect.gen(function* () {
      const { a, manifest, world } = yield* vault
      const remembered = Effect.map(a.as(activityOrNone), (activity) => activity.verify)
      expect(yield* remembered).toBeUndefined()
      const { objects } = yield* verify(a)
      const read = objects.vault + objects.manifests + objects.segments
      expect(yield* remembered).toMatchObject({ repair: false, objects: read, problems: 0, repaired: 0 })
      world.bucket.objects.delete(manifest)
      yield* verify(a)
      expect(yield* remembered).toMatchObject({ repair: false, problems: 1, repaired: 0 })
      yield* verify(a, true)
      expect(yield* remembered).toMatchObject({ repair: true, problems: 0, repaired: 1 })
    })
  )

  it.scoped("--repair finds nothing to do, and writes nothing", () =>
    Effect.gen(function* () {
      const { a, world } = yield* vault
      const before = contents(world)
      expect(yield* verify(a, true)).toMatchObject({ findings: [], repaired: { pushed: null, deleted: 0, aborted: 0 } })
      expect(contents(world)).toEqual(before)
    })
  )

  it.scoped("what others have published since is told, and is no problem; it is proved all the same", () =>
    Effect.gen(function* () {
      const { a, b, newcomer } = yield* vault
      yield* publish(b, "seven", "eight")
      expect(yield* verify(a)).toMatchObject({ findings: [], behind: [{ operations: 2 }], entries: 8 })
      expect(yield* verify(yield* newcomer)).toMatchObject({ findings: [], entries: 8, devices: 2 })
    })
  )

  it.scoped("without encryption it is proved by digests", () =>
    Effect.gen(function* () {
      const world = makeWorld()
      const a = yield* makeDevice(world, "a", small)
      yield* initDevice(a, { noEncrypt: true })
      yield* publish(a, "one", "two")
      expect(yield* verify(a)).toMatchObject({ findings: [], entries: 2 })
      const [name = ""] = [...world.bucket.objects.keys()].filter((each) => each.startsWith("segments/"))
      flip(world, name)
      expect(kinds(yield* verify(a))).toEqual(["segment"])
    })
  )
})

const objectOf = (world: World, name: string): MemoryObject => world.bucket.objects.get(name)!

const flip = (world: World, name: string) => {
  const bytes = Uint8Array.from(objectOf(world, name).bytes)
  bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1
  plant(world.bucket, name, bytes)
}

const cut = (world: World, name: string) => plant(world.bucket, name, objectOf(world, name).bytes.slice(0, -3))

/** What can be done to one of a's segments; how many entries the store lacks then; and what it is called. */
const DAMAGES: ReadonlyArray<readonly [what: string, damage: (vault: Vault) => void, kind: string]> = [
  ["deleted", ({ mine, world }) => void world.bucket.objects.delete(mine[0]!), "missing"],
  ["cut short", ({ mine, world }) => void cut(world, mine[0]!), "segment"],
  ["with a flipped bit", ({ mine, world }) => flip(world, mine[0]!), "segment"],
  ["empty", ({ mine, world }) => void plant(world.bucket, mine[0]!, new Uint8Array()), "segment"],
  [
    "that is another segment of the same device",
    ({ mine, world }) => void plant(world.bucket, mine[0]!, objectOf(world, mine[1]!).bytes),
    "segment"
  ],
  [
    "that is another device's",
    ({ mine, theirs, world }) => void plant(world.bucket, mine[0]!, objectOf(world, theirs[0]!).bytes),
    "segment"
  ],
  [
    "that is no object of hx",
    ({ mine, world }) => void plant(world.bucket, mine[0]!, Buffer.from("x".repeat(90))),
    "segment"
  ],
  ["far too large", ({ mine, world }) => void plant(world.bucket, mine[0]!, Buffer.alloc(200_000)), "segment"]
]

describe("a segment", () => {
  it.scoped.each(DAMAGES)("%s: named with its gap; its device repairs it, others are told which", ([, damage, kind]) =>
    Effect.gen(function* () {
      const made = yield* vault
      const { a, b, manifest, mine, newcomer } = made
      const history = yield* historyOf(a)
      damage(made)
      const seenByB = yield* verify(b)
      expect(seenByB.findings).toMatchObject([
        { kind, name: mine[0], held: true, remedy: "there", device: yield* a.id }
      ])
      const [{ entries = 0, gap } = {}] = seenByB.findings
      expect(entries).toBe(gap === null || gap === undefined ? 0 : gap.last - gap.first + 1)
      expect(entries).toBeGreaterThan(0)
      expect(seenByB.entries).toBe(6 - entries)
      expect(yield* outcome(b, seenByB)).toMatchObject({ _tag: "NotProved", repaired: false })
      // Nobody but the owner touches it.
      expect((yield* verify(b, true)).repaired).toMatchObject({ pushed: null, deleted: 0 })
      expect((yield* verify(yield* newcomer)).findings).toMatchObject([{ held: false, remedy: "there" }])

      const repaired = yield* verify(a, true)
      expect(repaired.findings).toMatchObject([{ kind, name: mine[0], held: true, remedy: "repair" }])
      expect(open(repaired)).toEqual([])
      yield* a.as(failOnFindings(repaired))
      expect(repaired.repaired?.sequence).toBeGreaterThan(2)
      for (const device of [a, b])
        expect(yield* verify(device)).toMatchObject({ findings: [], leftovers: [], entries: 6 })
      expect((yield* pull(b)).problems).toEqual([])
      const c = yield* newcomer
      expect((yield* pull(c)).problems).toEqual([])
      expect(yield* historyOf(c)).toEqual(history)
      expect(made.world.bucket.objects.has(manifest)).toBe(true)
    })
  )

  it.scoped("all of them gone: each is named, and all are made again", () =>
    Effect.gen(function* () {
      const { a, b, mine, newcomer, world } = yield* vault
      for (const name of mine) world.bucket.objects.delete(name)
      expect(kinds(yield* verify(b))).toEqual(["missing", "missing"])
      expect(open(yield* verify(a, true))).toEqual([])
      expect(yield* verify(b)).toMatchObject({ findings: [], entries: 6 })
      expect((yield* pull(yield* newcomer)).problems).toEqual([])
    })
  )

  it.scoped("bad under a name that is written again with the same size: it is written over all the same", () =>
    Effect.gen(function* () {
      const { a, b, mine, world } = yield* vault
      const good = objectOf(world, mine[1]!).bytes
      flip(world, mine[1]!)
      yield* verify(a, true)
      // The same run of operations has the same name, and as many bytes as before.
      expect(objectOf(world, mine[1]!).bytes.length).toBe(good.length)
      expect((yield* verify(b)).findings).toEqual([])
    })
  )

  it.scoped("a repair that is interrupted, or whose answers are lost, is done by running it again", () =>
    Effect.gen(function* () {
      const { a, b, mine, world } = yield* vault
      flip(world, mine[0]!)
      world.bucket.objects.delete(mine[1]!)
      for (const lost of [false, true]) {
        for (let fails = 1; fails <= 3; fails++) {
          let puts = 0
          world.faults.wrap = (store): ObjectStoreService => ({
            ...store,
            put: (name, bytes, options) => {
              const failure = Effect.fail(new StoreError({ reason: "TimedOut", operation: "put", subject: name }))
              if (++puts !== fails) return store.put(name, bytes, options)
              return lost ? Effect.zipRight(store.put(name, bytes, options), failure) : failure
            }
          })
          yield* Effect.exit(verify(a, true))
          world.faults.wrap = (store) => store
        }
      }
      yield* verify(a, true)
      expect((yield* verify(a)).findings).toEqual([])
      expect((yield* verify(b)).findings).toEqual([])
      expect((yield* pull(b)).problems).toEqual([])
    })
  )

  it.scoped("in an archive: told with exit code 7, not repaired, and not thought lost", () =>
    Effect.gen(function* () {
      const { a, b, mine, world } = yield* vault
      archive(world.bucket, mine[0]!)
      for (const device of [a, b]) {
        const report = yield* verify(device, true)
        expect(report.findings).toMatchObject([
          { kind: "archived", remedy: "restore", archived: { archive: "GLACIER" } }
        ])
        expect(report.repaired).toMatchObject({ pushed: null })
      }
    })
  )
})

/** What can become of a's manifest; what it is called on a; and what on b. */
const MANIFESTS: ReadonlyArray<
  readonly [what: string, damage: (vault: Vault, older: Uint8Array) => void, onA: string, onB: string]
> = [
  ["deleted", ({ manifest, world }) => void world.bucket.objects.delete(manifest), "missing", "missing"],
  ["cut short", ({ manifest, world }) => void cut(world, manifest), "manifest", "manifest"],
  ["with a flipped bit", ({ manifest, world }) => flip(world, manifest), "manifest", "manifest"],
  [
    "that is another device's",
    ({ manifest, world }) => {
      const other = [...world.bucket.objects.keys()].find((name) => name.startsWith("manifests/") && name !== manifest)!
      plant(world.bucket, manifest, objectOf(world, other).bytes)
    },
    "manifest",
    "manifest"
  ],
  ["that went back", ({ manifest, world }, older) => void plant(world.bucket, manifest, older), "rollback", "rollback"]
]

describe("a manifest", () => {
  it.scoped.each(MANIFESTS)("%s: its device publishes it again, above all that was seen", ([, damage, onA, onB]) =>
    Effect.gen(function* () {
      const made = yield* vault
      const { a, b, manifest, newcomer, world } = made
      const older = Uint8Array.from(objectOf(world, manifest).bytes)
      yield* publish(a, "nine", "ten")
      yield* pull(b)
      const history = yield* historyOf(a)
      damage(made, older)
      const seenByB = yield* verify(b, true)
      expect(seenByB.findings.filter(({ name }) => name === manifest)).toMatchObject([{ kind: onB, remedy: "there" }])
      expect(seenByB.repaired).toMatchObject({ pushed: null, deleted: 0 })
      const plain = yield* verify(a)
      expect(plain.findings).toMatchObject([{ kind: onA, name: manifest, remedy: "repair", held: true }])
      const repaired = yield* verify(a, true)
      expect(open(repaired)).toEqual([])
      expect(repaired.repaired?.sequence).toBe(4)
      for (const device of [a, b]) expect((yield* verify(device)).findings).toEqual([])
      expect((yield* pull(b)).problems).toEqual([])
      const c = yield* newcomer
      yield* pull(c)
      expect(yield* historyOf(c)).toEqual(history)
    })
  )

  it.scoped("gone, with damaged segments besides: both are found, and one repair mends both", () =>
    Effect.gen(function* () {
      const { a, b, manifest, mine, newcomer, world } = yield* vault
      const history = yield* historyOf(a)
      world.bucket.objects.delete(manifest)
      flip(world, mine[0]!)
      expect(kinds(yield* verify(a))).toEqual(["missing", "segment"])
      expect(open(yield* verify(a, true))).toEqual([])
      expect((yield* verify(b)).findings).toEqual([])
      const c = yield* newcomer
      expect((yield* pull(c)).problems).toEqual([])
      expect(yield* historyOf(c)).toEqual(history)
    })
  )

  it.scoped("in an archive is published again in the standard class", () =>
    Effect.gen(function* () {
      const { a, b, manifest, world } = yield* vault
      archive(world.bucket, manifest)
      expect((yield* verify(b)).findings).toMatchObject([{ kind: "archived", remedy: "restore" }])
      const repaired = yield* verify(a, true)
      expect(repaired.findings).toMatchObject([{ kind: "archived", remedy: "repair" }])
      expect(open(repaired)).toEqual([])
      for (const device of [a, b]) expect((yield* verify(device)).findings).toEqual([])
      expect((yield* pull(b)).problems).toEqual([])
    })
  )

  it.scoped("gone, after others have seen more of it than this device remembers: above that, too", () =>
    Effect.gen(function* () {
      const { a, b, manifest, world } = yield* vault
      const remembered = yield* a.as(Effect.flatMap(HistoryDb, (db) => db.documents.get("sync.publication")))
      yield* publish(a, "seven")
      yield* push(a, true)
      yield* pull(b)
      yield* publish(b, "eight")
      if (remembered._tag === "Some") {
        yield* a.as(Effect.flatMap(HistoryDb, (db) => db.documents.put("sync.publication", remembered.value)))
      }
      world.bucket.objects.delete(manifest)
      expect((yield* verify(a, true)).repaired).toMatchObject({ sequence: 5 })
      for (const device of [a, b]) expect((yield* verify(device)).findings).toEqual([])
      expect((yield* pull(b)).problems).toEqual([])
    })
  )

  it.scoped("gone, seen by a device that was told of it by another one only", () =>
    Effect.gen(function* () {
      const { a, b, manifest, newcomer, world } = yield* vault
      yield* publish(b, "seven")
      const c = yield* newcomer
      world.bucket.objects.delete(manifest)
      expect((yield* verify(c)).findings).toMatchObject([
        { kind: "missing", name: manifest, device: yield* a.id, held: null, remedy: "there" }
      ])
    })
  )

  it.scoped("of another installation with our id is no damage: nothing is overwritten, and the way out is named", () =>
    Effect.gen(function* () {
      const { a, manifest, mine, world } = yield* vault
      // As if another installation had gone on with this log: a's memory goes back behind what stands there.
      const before = yield* a.as(Effect.flatMap(HistoryDb, (db) => db.documents.get("sync.publication")))
      yield* publish(a, "of the other one")
      if (before._tag === "Some") {
        yield* a.as(Effect.flatMap(HistoryDb, (db) => db.documents.put("sync.publication", before.value)))
      }
      world.bucket.objects.delete(mine[0]!)
      const held = contents(world)
      const report = yield* verify(a, true)
      expect(report.findings[0]).toMatchObject({ kind: "conflict", name: manifest, remedy: "push" satisfies Remedy })
      expect(report.repaired).toMatchObject({ pushed: null, deleted: 0 })
      expect(contents(world)).toEqual(held)
    })
  )

  it.scoped("a conflict copy that names what is gone since is told as such, and no device is sent to repair it", () =>
    Effect.gen(function* () {
      const { a, b, manifest, mine, world } = yield* vault
      const older = Uint8Array.from(objectOf(world, manifest).bytes)
      for (let number = 0; number < 8; number++) yield* publish(a, `another ${number}`)
      yield* TestClock.adjust("2 hours")
      yield* publish(a, "and later")
      const copy = manifest.replace(".hxm", " (conflicted copy).hxm")
      plant(world.bucket, copy, older)
      for (const device of [a, b]) {
        const { findings } = yield* verify(device, true)
        // They come in the order of the log, which is none of names.
        expect(findings.map(({ kind, name, remedy }) => [kind, name, remedy]).sort()).toEqual(
          mine.map((name) => ["missing", name, "copy"])
        )
      }
      world.bucket.objects.delete(copy)
      for (const device of [a, b]) expect((yield* verify(device)).findings).toEqual([])
    })
  )

  it.scoped("a conflict copy beside it is one more log: read once, and its segments are no orphans", () =>
    Effect.gen(function* () {
      const { a, b, manifest, world } = yield* vault
      const older = Uint8Array.from(objectOf(world, manifest).bytes)
      yield* publish(a, "nine", "ten")
      plant(world.bucket, manifest.replace(".hxm", ".sync-conflict-20261123-101500-ABCDEFG.hxm"), older)
      for (const device of [a, b]) {
        const report = yield* verify(device, true)
        expect(report.findings).toEqual([])
        expect(report.leftovers.filter(({ kind }) => kind !== "replaced")).toEqual([])
        expect(report.objects.manifests).toBe(3)
      }
    })
  )
})

/** What can become of vault.json, and what mends it. */
const VAULTS: ReadonlyArray<readonly [what: string, damage: (vault: Vault) => void, remedy: Remedy]> = [
  ["gone", ({ world }: Vault) => void world.bucket.objects.delete("vault.json"), "init"],
  ["damaged", ({ world }: Vault) => void plant(world.bucket, "vault.json", Buffer.from("{}")), "backup"],
  ["far too large", ({ world }: Vault) => void plant(world.bucket, "vault.json", Buffer.alloc(5_000_000)), "backup"]
]

describe("vault.json", () => {
  it.scoped.each(VAULTS)("%s: everything else is proved all the same, and init makes it again", ([, damage, remedy]) =>
    Effect.gen(function* () {
      const made = yield* vault
      const { a, b, newcomer, world } = made
      damage(made)
      const report = yield* verify(a)
      expect(report).toMatchObject({ findings: [{ kind: "vault", remedy }], entries: 6, objects: { vault: 0 } })
      world.bucket.objects.delete("vault.json")
      yield* initDevice(a)
      for (const device of [a, b, yield* newcomer]) expect((yield* verify(device)).findings).toEqual([])
    })
  )
})

describe("what is left in the store", () => {
  const ORPHAN = "0123456789abcdef".repeat(2)

  it.scoped("ours goes once it is an hour old, others' stays, foreign files are named and left alone", () =>
    Effect.gen(function* () {
      const { a, b, mine, world } = yield* vault
      const [own, other] = [`${segmentsOf(yield* a.id)}${ORPHAN}.hxs`, `${segmentsOf(yield* b.id)}${ORPHAN}.hxs`]
      const foreign = ["notes.txt", "manifests/readme", `${mine[0]!}.bak`]
      const probe = "probe-0123456789abcdef"
      const put = (name: string, modified: number) =>
        world.bucket.objects.set(name, { ...plant(world.bucket, name, Buffer.from("x")), modified })
      for (const name of [own, other, ...foreign, probe]) put(name, 0)
      const young = yield* verify(a, true)
      expect(young.findings).toEqual([])
      expect(young.leftovers.map(({ kind, own: isOwn }) => `${kind}${isOwn ? ", own" : ""}`).sort()).toEqual([
        "foreign",
        "orphan",
        "orphan, own",
        "probe"
      ])
      expect(young.repaired).toMatchObject({ deleted: 0 })
      yield* TestClock.adjust("1 hour")
      expect((yield* verify(a)).repaired).toBe(null)
      expect(world.bucket.objects.has(own)).toBe(true)
      expect((yield* verify(a, true)).repaired).toMatchObject({ deleted: 2, kept: 0, pushed: null })
      expect([own, probe].filter((name) => world.bucket.objects.has(name))).toEqual([])
      expect([other, ...foreign].filter((name) => !world.bucket.objects.has(name))).toEqual([])
    })
  )

  it.scoped("what a merge replaced is owed, not an orphan, and goes in its time", () =>
    Effect.gen(function* () {
      const { a, b, world } = yield* vault
      for (let number = 0; number < 8; number++) yield* publish(a, `another ${number}`)
      const found = (yield* verify(a, true)).leftovers
      expect(found).toMatchObject([{ kind: "replaced", own: true }])
      expect(found[0]?.objects.length).toBeGreaterThan(6)
      expect((yield* verify(b)).leftovers).toMatchObject([{ kind: "orphan", own: false }])
      yield* TestClock.adjust("2 hours")
      yield* verify(a, true)
      expect((yield* verify(a)).leftovers).toEqual([])
      expect([...world.bucket.objects.keys()].length).toBeGreaterThan(3)
    })
  )

  it.scoped("what a copy of our manifest may name stays as long as that copy cannot be read", () =>
    Effect.gen(function* () {
      const { a, manifest, mine, world } = yield* vault
      const copy = manifest.replace(".hxm", ".sync-conflict-20261122-101500-ABCDEFG.hxm")
      const stray = mine[0]!.replace(/[0-9a-f]{8}\.hxs$/, "00000000.hxs")
      world.bucket.objects.set(stray, { ...plant(world.bucket, stray, new Uint8Array(40)), modified: 0 })
      plant(world.bucket, copy, new Uint8Array(100))
      yield* TestClock.adjust("2 hours")
      const report = yield* verify(a, true)
      expect(report.findings.map(({ name }) => name)).toEqual([copy])
      expect(world.bucket.objects.has(stray)).toBe(true)
      world.bucket.objects.delete(copy)
      yield* verify(a, true)
      expect(world.bucket.objects.has(stray)).toBe(false)
    })
  )

  it.scoped("unfinished uploads are told where the store tells, and aborted where they are ours and old", () =>
    Effect.gen(function* () {
      const { a, b, mine, theirs, world } = yield* vault
      const aborted: Array<string> = []
      const uploads = [
        { name: mine[0]!, uploadId: "1", begun: 0 },
        { name: theirs[0]!, uploadId: "2", begun: 0 }
      ]
      world.faults.wrap = (store) => ({
        ...store,
        abortMultipart: (name) => Effect.sync(() => void aborted.push(name)),
        uploads: () => Effect.succeed(uploads)
      })
      yield* TestClock.adjust("2 hours")
      expect((yield* verify(b)).leftovers.map(({ kind, own }) => [kind, own])).toEqual([
        ["upload", false],
        ["upload", true]
      ])
      expect((yield* verify(a, true)).repaired).toMatchObject({ aborted: 1 })
      expect(aborted).toEqual([mine[0]])
    })
  )
})

describe("this device's database", () => {
  it.scoped("lacks what it has applied of another log: found, and read again by the next pull after a repair", () =>
    Effect.gen(function* () {
      const { a, b, newcomer } = yield* vault
      const history = yield* historyOf(a)
      // As a database that was put together from two copies of it would have it: the cursor of one, the entries of the other.
      const fresh = yield* newcomer
      const log = yield* a.id
      const others = Array.from(
        { length: 4 },
        (_, index) => ({ kind: "purged", identity: `${index}`.padStart(32, "0") }) as const
      )
      yield* fresh.as(Effect.flatMap(HistoryDb, (db) => db.peers.apply(log, 1, others)))
      const report = yield* verify(fresh)
      expect(report.findings.map(({ kind, remedy }) => [kind, remedy])).toEqual([
        ["local", "repair"],
        ["local", "repair"]
      ])
      expect(report.findings.reduce((sum, { entries }) => sum + entries, 0)).toBe(4)
      expect((yield* verify(fresh, true)).repaired).toMatchObject({ restarted: 1, pushed: null })
      yield* pull(fresh)
      expect((yield* verify(fresh)).findings).toEqual([])
      expect(yield* historyOf(fresh)).toEqual(history)
      expect((yield* verify(b)).findings).toEqual([])
    })
  )
})

describe("retired devices", () => {
  it.scoped("of two that retired each other the later one is it, for verify as for pull", () =>
    Effect.gen(function* () {
      const { a, b } = yield* vault
      const [idA, idB] = [yield* a.id, yield* b.id]
      const claim = (device: TestDevice, other: DeviceId, at: number) =>
        device.as(recordRetirements([{ device: other, last: 0, at }]))
      yield* claim(a, idB, 1)
      yield* claim(b, idA, 2)
      yield* push(a)
      yield* push(b)
      yield* pull(a)
      expect(yield* Effect.flip(pull(b))).toMatchObject({ _tag: "DeviceRetired" })
      expect((yield* verify(a)).findings).toEqual([])
      expect(yield* Effect.flip(verify(b))).toMatchObject({ _tag: "DeviceRetired" })
    })
  )
})

describe("while others go on", () => {
  it.scoped("a segment that is gone because its owner has just rewritten it is no gap", () =>
    Effect.gen(function* () {
      const { a, b, mine, world } = yield* vault
      let done = false
      const rewrite = Effect.gen(function* () {
        for (let number = 0; number < 8; number++) yield* publish(a, `meanwhile ${number}`)
        yield* TestClock.adjust("2 hours")
        yield* publish(a, "and later")
        expect(world.bucket.objects.has(mine[0]!)).toBe(false)
      }).pipe(Effect.orDie)
      world.faults.wrap = (store): ObjectStoreService => ({
        ...store,
        get: (name, maxBytes) => {
          if (done || name !== mine[0]) return store.get(name, maxBytes)
          done = true
          return Effect.zipRight(rewrite, store.get(name, maxBytes))
        }
      })
      const report = yield* verify(b)
      expect(done).toBe(true)
      expect(report.findings).toEqual([])
      expect(report.entries).toBeGreaterThan(6)
    })
  )
})
