/** Proves of a command that it may be killed anywhere: whoever runs it again ends where an undisturbed run ends. */

import { Effect, Option, TestClock } from "effect"
import { existsSync, readdirSync } from "node:fs"
import { dirname } from "node:path"
import { expect } from "vitest"
import { HistoryDb } from "../../src/db/HistoryDb.ts"
import { historyDigest } from "../../src/history/Export.ts"
import { Paths } from "../../src/platform/Paths.ts"
import { folderLocation } from "../../src/store/StoreUrl.ts"
import { segmentName, segmentsOf } from "../../src/sync/ObjectNames.ts"
import * as SyncState from "../../src/sync/SyncState.ts"
import { recoveryKeyOf, VaultKeys } from "../../src/sync/VaultKeys.ts"
import { type Durable, launch, NOTHING_DURABLE, type Place, type Setting, type Watched } from "./CrashPoints.ts"
import { initDevice, live, makeDevice, pull, push, record, type TestDevice } from "./World.ts"

export interface Scenario extends Setting {
  readonly name: string
  /** Brings device and world to where the command begins. */
  readonly prepare: (place: Place) => Effect.Effect<unknown, unknown, never>
  /** The same command, whenever it is run again. */
  readonly command: (place: Place) => Effect.Effect<unknown, unknown, never>
  /** The command is the first that ever runs on this device. */
  readonly fresh?: boolean
  /** How many requests of each kind the undisturbed run makes, so that the scenario is known to be what its name says. */
  readonly requests: Readonly<Record<string, number>>
  /** Where nothing is published afterwards: no reader is asked. */
  readonly unpublished?: boolean
}

/** HX_CRASH_POINTS=all: every second crash after every first one. Otherwise a few of them, the same in every run. */
const EVERY = process.env["HX_CRASH_POINTS"] === "all"
/** First crashes whose recovery is killed too, and how many of its states are gone on from. */
const FIRST = 1
const SECOND = 3

/** Totals of this process, for the test's last line. */
export const totals = { scenarios: 0, store: 0, file: 0, database: 0, points: 0, states: 0, second: 0, runs: 0 }

export const prove = (scenario: Scenario) =>
  Effect.gen(function* () {
    const given = { ...scenario, tuning: { compression: false, ...scenario.tuning } }
    const prepared = yield* launch(NOTHING_DURABLE, given, given.prepare)
    const start = given.fresh === true ? NOTHING_DURABLE : prepared.left
    const calm = yield* runAgain(start, given, { watch: true, wanted: null })
    const { watched } = calm
    if (scenario.unpublished !== true) expect(calm.due).toMatchObject({ strays: [], missing: [], uploads: [] })
    expect(watched.requests, "what the scenario is meant to do").toMatchObject(given.requests)
    const survives = (from: Durable, words: string, options: { readonly watch: boolean; readonly due: boolean }) =>
      Effect.gen(function* () {
        const again = yield* runAgain(from, given, { watch: options.watch, wanted: options.due ? null : calm.store })
        expect(again.now, words).toEqual(calm.now)
        if (again.due !== null) expect(again.due, words).toEqual(calm.due)
        return again.watched
      }).pipe(Effect.catchAll((error) => Effect.die(new Error(`${words}: ${String(error)}`, { cause: error }))))

    const states = statesOf(watched)
    let second = 0
    for (const [index, { point, state }] of states.entries()) {
      const watch = EVERY || isChosen(index, states.length, FIRST)
      const again = yield* survives(state, `killed ${point}`, { watch, due: watch })
      if (!watch) continue
      const then = statesOf(again)
      for (const [inner, next] of then.entries()) {
        if (!EVERY && !isChosen(inner, then.length, SECOND)) continue
        second++
        yield* survives(next.state, `killed ${point}, then ${next.point}`, { watch: false, due: false })
      }
    }
    count(given, watched, states.length, second)
  })

/** That a log torn in a commit is as the log before it is proved in test/history/CrashPoints.test.ts, and here where everything is. */
const statesOf = ({ states }: Watched) =>
  [...states.values()].filter(({ point }) => EVERY || !point.startsWith("in the middle of database"))

/** So many of them, spread evenly, beginning anywhere: a seed would choose no better. */
const isChosen = (index: number, of: number, count: number): boolean =>
  of <= count || Math.floor((index * count) / of) !== Math.floor(((index - 1) * count) / of)

const count = (scenario: Scenario, { operations, points }: Watched, states: number, second: number) => {
  totals.scenarios++
  totals.store += operations.store
  totals.file += operations.file
  totals.database += operations.database
  totals.points += points
  totals.states += states
  totals.second += second
  const { database, file, store } = operations
  const words = `${store} requests, ${file} file and ${database} database operations: ${points} points, ${states} states gone on from`
  console.log(`${scenario.name}: ${words}, ${second} second crashes`)
}

/**
 * Runs the command on what is there. Where that does not leave the very objects that are wanted, or where any will do (null), also what follows on
 * any device: two hours later, another push, after which nothing may be left that no manifest names.
 */
const runAgain = (
  from: Durable,
  scenario: Scenario,
  { wanted, watch }: { readonly watch: boolean; readonly wanted: ReadonlyArray<string> | null }
) =>
  Effect.gen(function* () {
    totals.runs++
    const check = (place: Place) =>
      Effect.gen(function* () {
        const now = yield* factsOf(place.device, false)
        const store = storeOf(place)
        const same = JSON.stringify(store) === JSON.stringify(wanted)
        const due = same || scenario.unpublished === true ? null : yield* whenDue(place)
        const id = yield* place.device.id
        return { now: withoutNames(now, id), store, due: withoutNames(due, id) }
      })
    if (!watch) {
      const { value, watched } = yield* launch(from, scenario, (place) =>
        Effect.zipRight(scenario.command(place), check(place))
      )
      return { ...value, watched }
    }
    const { left, watched } = yield* launch(from, scenario, scenario.command, { watch })
    const { value } = yield* launch(left, scenario, check)
    return { ...value, watched }
  })

/** What lies in the stores; of manifests only that they are there, since each is written with a nonce and a time of its own. */
const storeOf = ({ uploads, world }: Place): ReadonlyArray<string> =>
  [...world.registry]
    .flatMap(([location, { objects }]) => [...objects.keys()].map((name) => `${location} ${name}`))
    .concat([...uploads.values()].map((upload) => `unfinished: ${upload}`))
    .sort()

const whenDue = ({ device, uploads, world }: Place) =>
  Effect.gen(function* () {
    yield* TestClock.adjust("2 hours")
    yield* record(device, yield* live(device, "afterwards", 9_999_999, { session: "afterwards" }))
    yield* push(device)
    const id = yield* device.id
    const reader = yield* makeDevice(world, "reader", { compression: false })
    const { location } = Option.getOrThrow(yield* device.as(SyncState.binding.get))
    const url = { location: folderLocation(location.replace(/^folder:/, "")), credentials: Option.none() }
    yield* initDevice(reader, { ...(yield* keyOf(device)), url })
    const { problems } = yield* pull(reader)
    const known = Option.getOrThrow(yield* device.as(SyncState.publication.get))
    const named = known.segments.map((segment) => segmentName(id, segment.id))
    const there = [...(world.registry.get(location)?.objects.keys() ?? [])]
    const own = there.filter((name) => name.startsWith(segmentsOf(id)))
    return {
      facts: yield* factsOf(device, true),
      problems,
      reader: yield* reader.as(historyDigest()),
      /** The device's own segments that its manifest does not name, those that are named and not there, and whatever is no object of a vault. */
      strays: [
        ...own.filter((name) => !named.includes(name)),
        ...there.filter((name) => !/^(vault\.json$|manifests\/|segments\/)/.test(name))
      ],
      missing: named.filter((name) => !own.includes(name)),
      uploads: [...uploads.values()]
    }
  })

const walk = (directory: string): ReadonlyArray<string> => (existsSync(directory) ? readdirSync(directory) : [])

export const keyOf = (device: TestDevice) =>
  device.as(
    Effect.gen(function* () {
      const home = Option.getOrThrow(yield* SyncState.homeVault.get)
      if (!home.encrypted) return {}
      const keys = yield* VaultKeys
      return { key: Option.getOrThrow(recoveryKeyOf(yield* keys.keyring(home.vaultId, true))) }
    })
  )

/** All that has to be the same, whatever happened on the way. What times and random numbers decide is left out. */
const factsOf = (device: TestDevice, due: boolean) =>
  device.as(
    Effect.gen(function* () {
      const db = yield* HistoryDb
      const end = yield* db.log.end
      const publication = Option.getOrNull(yield* SyncState.publication.get)
      const binding = Option.getOrNull(yield* SyncState.binding.get)
      const peers = [...(yield* SyncState.allPeers)]
      return {
        history: yield* historyDigest(),
        /** Files that hold secrets, and what writing them may have left. */
        keys: walk(dirname((yield* Paths).keys("none"))).length,
        label: yield* db.device.label,
        log: {
          end,
          operations: yield* db.log.identities(1, end),
          purged: yield* db.log.purged,
          ever: yield* db.log.everPurged
        },
        publication:
          publication === null ? null : { last: publication.last, segments: publication.segments.map(extentOf) },
        binding: binding === null ? null : { ...binding, joined: 0 },
        home: Option.getOrNull(yield* SyncState.homeVault.get),
        floor: Option.isSome(yield* SyncState.floor.get),
        founding: Option.getOrNull(yield* SyncState.founding.get),
        left: Option.getOrElse(yield* SyncState.left.get, () => []).map(({ debts, location }) => [
          location,
          debts.map(nameOf)
        ]),
        intents: (yield* SyncState.intentsOrNone).length,
        // What a merge replaced is deleted by the next run that publishes, which need not be this one.
        debts: (yield* SyncState.debtsOrNone)
          .filter((debt) => debt.urgent || due)
          .map(nameOf)
          .sort(),
        peers: yield* Effect.forEach(peers, ([log, { boundaries, etag, last, problem, sequence }]) =>
          Effect.map(db.peers.ranges(log), (ranges) => ({ log, boundaries, etag, last, problem, sequence, ranges }))
        )
      }
    })
  )

const nameOf = ({ name, urgent }: SyncState.Debt) => `${name}${urgent ? " at once" : ""}`

/** What a segment says its readers compare; its name is a keyed hash of that and of the device. */
const extentOf = ({ count, first, last, size }: SyncState.Publication["segments"][number]) =>
  `${first}-${last}: ${count}, ${size} bytes`

/** Ids and names that are drawn at random; no reader goes by them. */
const withoutNames = <A>(value: A, id: string): A =>
  JSON.parse(
    JSON.stringify(value)
      .replaceAll(id, "SELF")
      .replace(/"vaultId":"[0-9a-f]{32}"/g, `"vaultId":"…"`)
      .replace(/\(([0-9a-f]{4})\)/g, "(….)")
  ) as A
