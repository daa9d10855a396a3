/**
 * The table of conflicts of sync.md §5, cell by cell: what happened × push, pull, pull --force, push --force. Each cell is run, and checked for what is
 * told, for the exit code, and for this: no device knows less than before, nobody's objects but one's own are touched, and once the remedies that
 * the messages name have been followed, everybody knows everything.
 */

import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Option, type Scope } from "effect"
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pullLines } from "../../src/cli/commands/sync/run/Pull.ts"
import { pushLines } from "../../src/cli/commands/sync/run/Push.ts"
import { reportOf, type Reportable } from "../../src/cli/ErrorReport.ts"
import type { DeviceId } from "../../src/domain/Device.ts"
import { type Conditions, type MemoryObject, plant } from "../../src/store/MemoryObjectStore.ts"
import { manifestName } from "../../src/sync/ObjectNames.ts"
import { failOnProblems } from "../../src/sync/Sync.ts"
import { commandsOf } from "./History.ts"
import {
  initDevice,
  live,
  makeDevice,
  makeInstallation,
  makeWorld,
  pull,
  push,
  record,
  type TestDevice,
  type World
} from "./World.ts"

/** Two devices that have published and read each other; a has something to push, or another row's beginning. */
interface Scene {
  readonly world: World
  readonly a: TestDevice
  readonly b: TestDevice
  /** Others that share the history: a clone of a, say. */
  readonly others: ReadonlyArray<TestDevice>
  /** Whose manifest is in question, and how it looked before and after its last publication. */
  readonly name: string
  readonly older: Uint8Array
  readonly newest: Uint8Array
  /** The vault's recovery key. */
  readonly key: string
}

/** The long runs of the continuous integration also try a store that ignores conditions. */
const CONDITIONS: Conditions | undefined =
  process.env["HX_TEST_CONDITIONS"] === "ignored" ? { create: "ignored", ifMatch: "ignored" } : undefined

let counter = 0
const runs = (device: TestDevice, ...commands: ReadonlyArray<string>) =>
  Effect.forEach(
    commands,
    (command) => Effect.flatMap(live(device, command, ++counter), (entry) => record(device, entry)),
    { discard: true }
  )

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "hx-conflicts-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const bytesOf = (world: World, name: string) => Uint8Array.from(world.bucket.objects.get(name)?.bytes ?? [])

/** `owner` is whose manifest the row is about: a's own, or that of its peer. */
const scene = (owner: "a" | "b", makeA: (world: World) => ReturnType<typeof makeDevice> = inMemory) =>
  Effect.gen(function* () {
    const world = makeWorld(CONDITIONS)
    const a = yield* makeA(world)
    const b = yield* makeDevice(world, "b")
    const key = Option.getOrThrow((yield* initDevice(a)).recoveryKey)
    yield* initDevice(b, { key })
    const [about, other] = owner === "a" ? [a, b] : [b, a]
    const name = manifestName(yield* about.id)
    yield* runs(other, "of the other")
    yield* push(other)
    yield* runs(about, "one")
    yield* push(about)
    const older = bytesOf(world, name)
    yield* runs(about, "two")
    yield* push(about)
    const newest = bytesOf(world, name)
    yield* pull(a)
    yield* pull(b)
    yield* push(other, true)
    yield* runs(a, "pending")
    return { world, a, b, others: [], name, older, newest, key } satisfies Scene as Scene
  })

const inMemory = (world: World) => makeDevice(world, "a")

const setBack = (made: Scene) => {
  plant(made.world.bucket, made.name, made.older)
  return made
}
const deleted = (made: Scene) => {
  made.world.bucket.objects.delete(made.name)
  return made
}
const damaged = (made: Scene) => {
  const bytes = Uint8Array.from(made.newest)
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1
  plant(made.world.bucket, made.name, bytes)
  return made
}

/** A push of a that is cut off behind its swap: its answer never came. */
const cutOff = Effect.gen(function* () {
  const made = yield* scene("a")
  made.world.faults.wrap = (store) => ({
    ...store,
    put: (name, bytes, options) => Effect.zipRight(store.put(name, bytes, options), Effect.die("killed"))
  })
  yield* Effect.exit(push(made.a))
  made.world.faults.wrap = (store) => store
  yield* runs(made.a, "after the crash")
  return made
})

/** The log of a went on without it: so many publications by a copy of it, while a itself published others elsewhere, or none. */
const cloned = (publications: number, own: number) =>
  Effect.gen(function* () {
    const root = yield* directory
    const made = yield* scene("a", (world) => makeInstallation(world, "a", join(root, "a")))
    cpSync(join(root, "a"), join(root, "copy"), { recursive: true })
    const copy = yield* makeInstallation(made.world, "the copy", join(root, "copy"))
    for (let each = 0; each < own; each++) {
      yield* runs(made.a, `own ${each}`)
      yield* push(made.a)
    }
    // The copy works on the store as it was when the copy was made.
    if (own > 0) plant(made.world.bucket, made.name, made.newest)
    for (let each = 0; each < publications; each++) {
      yield* runs(copy, `of the copy ${each}`)
      yield* push(copy)
    }
    yield* runs(made.a, "after that")
    return { ...made, others: [copy] } satisfies Scene as Scene
  })

/** The other device's manifest stands where a has read it; a third device saw a newer one, and says so in its own. */
const seenByAnother = Effect.gen(function* () {
  const made = yield* scene("b")
  const c = yield* makeDevice(made.world, "c")
  yield* initDevice(c, { key: made.key })
  yield* runs(made.b, "three")
  yield* push(made.b)
  yield* runs(c, "of the third")
  yield* pull(c)
  yield* push(c)
  plant(made.world.bucket, made.name, made.newest)
  return { ...made, others: [c] } satisfies Scene as Scene
})

/** What stands there cannot be used when it is first read: it is just being replaced. */
const beingReplaced = Effect.gen(function* () {
  const made = yield* scene("b")
  yield* runs(made.b, "three")
  yield* push(made.b)
  let reads = 0
  made.world.faults.wrap = (store) => ({
    ...store,
    get: (name, most, heard) =>
      Effect.map(store.get(name, most, heard), (object) =>
        name === made.name && reads++ === 0 ? { ...object, bytes: object.bytes.slice(0, -1) } : object
      )
  })
  return made
})

const swapped = Effect.gen(function* () {
  const made = yield* scene("a")
  plant(made.world.bucket, made.name, bytesOf(made.world, manifestName(yield* made.b.id)))
  return made
})

const conflictCopy = Effect.gen(function* () {
  const made = yield* scene("b")
  const elsewhere = bytesOf(made.world, made.name)
  yield* runs(made.b, "three")
  yield* push(made.b)
  const copy = made.name.replace(".hxm", ".sync-conflict-20261122-101112-ABCDEFG.hxm")
  plant(made.world.bucket, copy, bytesOf(made.world, made.name))
  plant(made.world.bucket, made.name, elsewhere)
  return made
})

/** Words told on success, or the report of the failure; and the exit code. */
interface Told {
  readonly code: number
  readonly words: string
  readonly forks: number
}

const told = (code: number, words: string, forks = 0): Told => ({ code, words, forks })

const CELLS = {
  push: (a: TestDevice) => Effect.map(push(a), (done) => told(0, pushLines(done).join("\n"), done.forks.length)),
  "push --force": (a: TestDevice) =>
    Effect.map(push(a, true), (done) => told(0, pushLines(done, true).join("\n"), done.forks.length)),
  pull: (a: TestDevice) => pulled(a, false),
  "pull --force": (a: TestDevice) => pulled(a, true)
}
type Cell = keyof typeof CELLS

const pulled = (a: TestDevice, force: boolean) =>
  Effect.gen(function* () {
    const done = yield* pull(a, force)
    const lines = pullLines(done).join("\n")
    return yield* Effect.match(a.as(failOnProblems(done.problems)), {
      onSuccess: () => told(0, lines, done.forks.length),
      onFailure: (error) => ({ ...refused(error as Reportable), forks: done.forks.length })
    })
  })

const refused = (error: Reportable): Told => {
  const { code, hint, subject, what } = reportOf(Cause.fail(error))
  return told(code, [what, subject, hint].join("\n"))
}

const act = (cell: Cell, a: TestDevice): Effect.Effect<Told> =>
  Effect.catchAll(CELLS[cell](a), (error) => Effect.succeed(refused(error as Reportable)))

/** What a cell of the table has to show. */
interface Expected {
  readonly code: number
  /** Each has to be in what is told. */
  readonly says: ReadonlyArray<string | RegExp>
  readonly forks?: number
}

const quiet: Expected = { code: 0, says: [/^(Published|Pulled|Nothing new|No other device)/] }
const publishes: Expected = { code: 0, says: [/^Published 1 entry\.$/] }
const publishesAll: Expected = { code: 0, says: [/^Published .*\.$/] }
const pulls = (...says: Expected["says"]): Expected => ({ code: 0, says })
const forks: Expected = {
  code: 0,
  forks: 1,
  says: [/^This installation was a copy of device [0-9a-f]{32}: it continues as a new device, [0-9a-f]{32}; /]
}
const conflict = (found: string): Expected => ({
  code: 4,
  says: [/^Sequence number conflict\n/, found, "hx sync pull --force", "hx sync push --force"]
})
const corrupt: Expected = {
  code: 5,
  says: [/^Manifest corruption detected\n/, "Nothing local is lost", "hx sync reset", "hx sync push --force"]
}
const partly = (...says: Expected["says"]): Expected => ({ code: 8, says: [/^Completed with problems\n/, ...says] })

const KEPT = "What was pulled of it before is kept"
const TAKE = "If the store was set back on purpose, take it as it is: hx sync pull --force"

type Row = readonly [
  what: string,
  make: Effect.Effect<Scene, unknown, Scope.Scope>,
  cells: Readonly<Record<Cell, Expected>>
]

const all = (expected: Expected): Row[2] => ({
  push: expected,
  pull: expected,
  "pull --force": expected,
  "push --force": expected
})

const TABLE: ReadonlyArray<Row> = [
  [
    "our own PUT arrived, and we died before its answer",
    cutOff,
    { push: publishes, pull: quiet, "pull --force": quiet, "push --force": publishesAll }
  ],
  ["a clone published behind our back: its sequence is ahead", cloned(2, 0), all(forks)],
  ["a clone published behind our back: its sequence is ours", cloned(2, 2), all(forks)],
  [
    "the remote went back: an older manifest of ours",
    Effect.map(scene("a"), setBack),
    {
      push: conflict("published 2, found 1"),
      pull: conflict("published 2, found 1"),
      "pull --force": quiet,
      "push --force": publishesAll
    }
  ],
  [
    "the remote went back: our manifest is gone",
    Effect.map(scene("a"), deleted),
    {
      push: conflict("published 2, found nothing"),
      pull: conflict("published 2, found nothing"),
      "pull --force": quiet,
      "push --force": publishesAll
    }
  ],
  [
    "our manifest does not open: its tag is damaged",
    Effect.map(scene("a"), damaged),
    { push: corrupt, pull: corrupt, "pull --force": quiet, "push --force": publishesAll }
  ],
  [
    "our manifest does not open: another device's was put in its place",
    swapped,
    { push: corrupt, pull: corrupt, "pull --force": quiet, "push --force": publishesAll }
  ],
  [
    "a peer's manifest does not open",
    Effect.map(scene("b"), damaged),
    {
      push: publishes,
      pull: partly("the authentication tag does not match", "the next pull tries these again"),
      "pull --force": partly("the authentication tag does not match"),
      "push --force": publishesAll
    }
  ],
  [
    "a peer's manifest does not open at first: it was just being replaced",
    beingReplaced,
    { push: publishes, pull: pulls("1 new entry"), "pull --force": pulls("1 new entry"), "push --force": publishesAll }
  ],
  [
    "a peer's manifest is missing",
    Effect.map(scene("b"), deleted),
    {
      push: publishes,
      pull: partly("its manifest is gone; publication 2 had been seen", KEPT, TAKE),
      "pull --force": quiet,
      "push --force": publishesAll
    }
  ],
  [
    "a peer's manifest is older than what we saw",
    Effect.map(scene("b"), setBack),
    {
      push: publishes,
      pull: partly("it went back to publication 1; 2 had been seen", KEPT, TAKE),
      "pull --force": quiet,
      "push --force": publishesAll
    }
  ],
  [
    "a peer's manifest is older than what another device saw (seen), though not than what we did",
    seenByAnother,
    {
      push: publishes,
      pull: partly("it went back to publication 2; 3 had been seen", KEPT, TAKE),
      "pull --force": quiet,
      "push --force": publishesAll
    }
  ],
  [
    "a file synchroniser left a conflict copy of a peer's manifest",
    conflictCopy,
    {
      push: publishes,
      pull: pulls("1 new entry"),
      "pull --force": pulls("1 new entry"),
      "push --force": publishesAll
    }
  ]
]

describe.each(TABLE)("%s", (_what, make, cells) => {
  it.scoped.each(Object.entries(cells) as ReadonlyArray<readonly [Cell, Expected]>)("hx sync %s", ([cell, expected]) =>
    Effect.gen(function* () {
      const made = yield* make
      const devices = [made.a, made.b, ...made.others]
      const before = yield* Effect.forEach(devices, commandsOf)
      const stored = new Map(made.world.bucket.objects)

      const outcome = yield* act(cell, made.a)
      expect(outcome.code, outcome.words).toBe(expected.code)
      for (const words of expected.says) expect(outcome.words).toMatch(words)
      expect(outcome.forks).toBe(expected.forks ?? 0)

      expect(touched(stored, made.world, yield* made.a.id)).toEqual([])
      for (const [index, device] of devices.entries()) {
        expect(yield* commandsOf(device)).toEqual(expect.arrayContaining(before[index] ?? []))
      }
      yield* followRemedies(devices)
      const everything = [...new Set(before.flat())].sort()
      for (const device of devices) expect(yield* commandsOf(device)).toEqual(everything)
    })
  )
})

/** Objects that were changed, removed or made, and are not those of this device. After a fork, those under its old id are somebody else's. */
const touched = (before: ReadonlyMap<string, MemoryObject>, world: World, self: DeviceId): ReadonlyArray<string> => {
  const after = world.bucket.objects
  const names = new Set([...before.keys(), ...after.keys()])
  return [...names].filter((name) => !name.includes(self) && before.get(name)?.etag !== after.get(name)?.etag)
}

/** Everybody does what the messages tell, until nobody has anything to say. */
const followRemedies = (devices: ReadonlyArray<TestDevice>) =>
  Effect.gen(function* () {
    for (let round = 0; round < 2; round++) {
      for (const device of devices) {
        for (const cell of ["push", "pull"] as const) {
          const { code } = yield* act(cell, device)
          // What a peer's log lacks, its owner brings back: it is told the same.
          if (code === 4 || code === 5) yield* act("push --force", device)
        }
      }
    }
    for (const device of devices) expect(yield* act("pull", device)).toMatchObject({ code: 0, forks: 0 })
  })
