/**
 * Retiring a device: this one takes over what that one has published, says so in its manifest, and then deletes that one's objects.
 *
 *     pull → read all that it has published, once more → its entries, ends and rules become operations of this log, with the record of the retirement,
 *     in one transaction → publish → read its manifest once more → delete its manifest, conflict copies and segments
 *
 * Invariants, which tests cite by number:
 *  1. Nothing of it is deleted before a manifest of this device stands that holds all of it, and says that it is retired.
 *  2. What cannot be read here, and was not before, is named, and nothing is done; only who says so loses it.
 *  3. Interrupted anywhere, running it again ends where an undisturbed run ends.
 *  4. A manifest that says that this device is retired is never deleted: of two devices that retire each other at the same time, the one that publishes
 *     later sees the other's word, so that not both can delete.
 */

import { Chunk, Effect, Option, Stream } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { DeviceId } from "../domain/Device.ts"
import type { StoreError } from "../store/StoreError.ts"
import { type DeviceName, nameDevice } from "./DeviceNames.ts"
import { fetchManifestOf, listManifests } from "./ManifestFetch.ts"
import { MANIFESTS, manifestName, segmentsOf } from "./ObjectNames.ts"
import { NOTHING_PUSHED, push, type PushReport } from "./Push.ts"
import { ownRetirements, recordRetirements } from "./Retirements.ts"
import { nowMicros } from "./SyncClock.ts"
import { RetiredEachOther, RetireIncomplete } from "./SyncError.ts"
import * as SyncState from "./SyncState.ts"
import { successorOf } from "./Successor.ts"
import { SyncTuning } from "./SyncTuning.ts"
import { type Lost, readToTakeOver } from "./TakeoverRead.ts"
import { VaultSession } from "./VaultSession.ts"

/** What retiring a device would be about; finding out changes nothing but what a pull changes. */
export interface RetirePlan extends DeviceName {
  /** Entries that it has published and that are not forgotten. */
  readonly entries: number
  /** µs since 1970, by its clock; null where none of its manifests was ever read here. */
  readonly published: number | null
  /** This device has recorded its retirement before: what is left is to delete. */
  readonly begun: boolean
}

export interface RetireReport extends DeviceName {
  /** Another device had taken it over: null where this one has. */
  readonly by: string | null
  /** Operations of its log that this device's log did not say, and now does. */
  readonly taken: number
  /** What could not be read, and is lost to who does not have it. */
  readonly lost: ReadonlyArray<Lost>
  readonly pushed: PushReport
  /** Objects deleted, and how many could not be. */
  readonly deleted: number
  readonly left: number
  /** Of those deleted, how many the store keeps older versions of, which we may not delete. */
  readonly versionsLeft: number
  /** Why some could not be deleted. */
  readonly failure: StoreError | null
}

export interface RetireOptions {
  /** Retire it though some of what it published can be read nowhere. */
  readonly acceptLoss: boolean
}

/** Which device is meant; after a pull. The caller holds the device lock. */
export const planRetirement = Effect.fn("Retire.plan")(function* (given: string) {
  const listing = yield* listManifests
  const named = yield* nameDevice(given, new Set(listing.map(({ device }) => device)))
  const known = (yield* SyncState.allPeers).get(named.device)
  const begun = (yield* ownRetirements).some(({ device }) => device === named.device)
  return {
    ...named,
    entries: known?.operations ?? 0,
    published: known === undefined || known.published === 0 ? null : known.published,
    begun
  } satisfies RetirePlan as RetirePlan
})

/** A device that publishes faster than it can be taken over is at work: it has to be stopped first. */
const MAX_ROUNDS = 4

/** The caller holds the device lock. */
export const retire = Effect.fn("Retire.run")(function* (
  { device, label: called }: DeviceName,
  options: RetireOptions
) {
  const rounds: Array<Taken> = []
  let pushed = NOTHING_PUSHED
  for (let still = false; !still;) {
    if (rounds.length === MAX_ROUNDS) return yield* new RetireIncomplete({ device: called, lost: [busy(device)] })
    const taken = yield* takeOver(device, called, options)
    rounds.push(taken)
    const report: PushReport = yield* push({ force: false })
    if (report.published) pushed = report
    still = yield* stoodStill(device, taken.sequence)
  }
  const label = rounds.at(-1)?.label ?? called
  return {
    device,
    label,
    by: rounds.at(-1)?.by ?? null,
    taken: rounds.reduce((sum, each) => sum + each.operations, 0),
    lost: rounds.at(-1)?.lost ?? [],
    pushed,
    ...(yield* deleteAll(device, label))
  } satisfies RetireReport as RetireReport
})

const busy = (device: DeviceId): Lost => ({
  name: manifestName(device),
  detail: "it keeps publishing: stop hx there first",
  operations: null
})

interface Taken {
  readonly label: string
  readonly sequence: number | null
  readonly operations: number
  readonly lost: ReadonlyArray<Lost>
  /** The device that has taken it over, where that is another one. */
  readonly by?: string
}

/** Makes all that the device has published this device's own. Where that was done before, and nothing is new, there is nothing to read. */
const takeOver = Effect.fnUntraced(function* (device: DeviceId, called: string, options: RetireOptions) {
  const db = yield* HistoryDb
  const before = (yield* ownRetirements).find((each) => each.device === device)
  if (before !== undefined) {
    const done = yield* doneBefore(device, before)
    if (done !== null) return done
  }
  const listing = yield* listManifests
  if (!listing.some((each) => each.device === device)) {
    const done = yield* doneElsewhere(device, called)
    if (done !== null) return done
  }
  const log = yield* readToTakeOver(device, listing)
  const label = log.label === "" ? called : log.label
  if (log.claimsUs) return yield* new RetiredEachOther({ device: label })
  if (log.lost.length > 0 && !options.acceptLoss) {
    return (yield* doneElsewhere(device, label)) ?? (yield* new RetireIncomplete({ device: label, lost: log.lost }))
  }
  const at = yield* nowMicros
  const published = Option.match(yield* SyncState.publication.get, { onNone: () => 0, onSome: ({ last }) => last })
  const operations = yield* db.transaction(
    Effect.gen(function* () {
      const gathered = yield* db.log.adoptGathered(published)
      const others = log.fromHistory ? yield* db.log.adoptForeign : 0
      const { chain, last } = log
      const carried = (yield* ownRetirements).map((each) => each.device)
      yield* recordRetirements([
        ...log.retired.filter((each) => !carried.includes(each.device)),
        { device, last: chain === undefined ? 0 : last, at: before?.at ?? at, label, chain }
      ])
      return gathered + others
    })
  )
  return { label, sequence: log.sequence, operations, lost: log.lost } satisfies Taken as Taken
})

/** One GET: whether the manifest that was taken over is still the device's last one, or gone already. */
const doneBefore = Effect.fnUntraced(function* (
  device: DeviceId,
  {
    chain,
    label = "",
    last
  }: { readonly chain?: string | undefined; readonly label?: string | undefined; readonly last: number }
) {
  const fetched = yield* fetchManifestOf(device)
  const nothing = { label, operations: 0, lost: [] }
  if (fetched._tag === "Absent") return { ...nothing, sequence: null } satisfies Taken as Taken
  if (fetched._tag !== "Found") return null
  const { manifest } = fetched
  return manifest.last === last && manifest.chain === chain
    ? ({ ...nothing, sequence: manifest.sequence } satisfies Taken as Taken)
    : null
})

/** Another device has taken it over meanwhile, or long ago. */
const doneElsewhere = Effect.fnUntraced(function* (device: DeviceId, called: string) {
  const successor = yield* successorOf(device)
  if (successor === undefined) return null
  const { retirement } = successor
  const label = retirement.label ?? called
  // Its manifest may stand again, out of a backup, say: as long as it is the one that was taken over, nobody keeps publishing.
  const stands = yield* doneBefore(device, retirement)
  return {
    label,
    sequence: stands?.sequence ?? null,
    operations: 0,
    lost: [],
    by: successor.label
  } satisfies Taken as Taken
})

/** Whether the device has published nothing since it was read; fails where it has taken this one over meanwhile. */
const stoodStill = Effect.fnUntraced(function* (device: DeviceId, sequence: number | null) {
  const fetched = yield* fetchManifestOf(device)
  if (fetched._tag !== "Found") return true
  const self = yield* Effect.flatMap(HistoryDb, (db) => db.device.id)
  const { label, retired, sequence: now } = fetched.manifest
  if (retired.some((each) => each.device === self)) return yield* new RetiredEachOther({ device: label })
  return sequence !== null && now <= sequence
})

/** Manifests first: no manifest that can be read names a segment that is gone. */
const deleteAll = Effect.fnUntraced(function* (device: DeviceId, label: string) {
  const { store } = yield* VaultSession
  const { concurrentUploads } = yield* SyncTuning
  const remove = (prefix: string) =>
    Effect.gen(function* () {
      const listed = Chunk.toReadonlyArray(yield* Stream.runCollect(store.list(prefix)))
      return yield* Effect.forEach(listed, ({ name }) => Effect.either(store.delete(name)), {
        concurrency: concurrentUploads
      })
    })
  const manifests = yield* remove(`${MANIFESTS}${device}`)
  const segments = manifests.every((each) => each._tag === "Right") ? yield* remove(segmentsOf(device)) : []
  const all = [...manifests, ...segments]
  const failures = all.flatMap((each) => (each._tag === "Left" ? [each.left] : []))
  for (const error of failures.slice(0, 3)) yield* Effect.logWarning(`Not deleted, of ${label}: ${error.message}`)
  const older = failures.length === 0 ? yield* purge(device) : 0
  return {
    deleted: all.length - failures.length,
    left: failures.length,
    versionsLeft: Math.max(older, all.filter((each) => each._tag === "Right" && each.right.versionsLeft).length),
    failure: failures[0] ?? null
  }
})

/** Older versions, unfinished uploads and temporary files that the device has left: nobody else knows of them. Gives how many may not be deleted. */
const purge = Effect.fnUntraced(function* (device: DeviceId) {
  const { store } = yield* VaultSession
  if (store.purge === undefined) return 0
  let left = 0
  for (const prefix of [`${MANIFESTS}${device}`, segmentsOf(device)]) {
    left += yield* store.purge(prefix).pipe(
      Effect.map((purged) => purged.left ?? 0),
      Effect.catchTag("StoreError", (error) =>
        Effect.as(Effect.logDebug(`Older versions were left: ${error.message}`), 0)
      )
    )
  }
  return left
})
