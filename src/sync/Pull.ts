/**
 * Pull: fetches what other devices have published and this one lacks.
 *
 *     LIST manifests → settle our own → skip those unchanged → GET the changed → believe or report each
 *     → GET missing segments → apply each in one transaction with the range it covers → remember the manifest
 *
 * Invariants, which tests cite by number:
 *  1. A bad object never blocks good ones: it is passed over, reported, and tried again at the next pull.
 *  2. A manifest's ETag is remembered only when its whole log has been applied.
 *  3. A log that went back is never taken silently: neither where we saw newer, nor where another device did.
 *  4. Applying is a union: nothing this device knows is lost by pulling, forced or not.
 */

import { Effect, Option } from "effect"
import type { DbError } from "../db/DbError.ts"
import { type Absorbed, HistoryDb } from "../db/HistoryDb.ts"
import type { DeviceId } from "../domain/Device.ts"
import { isMany } from "../domain/ForgetRule.ts"
import type { EnvelopeError } from "../format/Envelope.ts"
import { type ManifestError, tailFirst } from "../format/Manifest.ts"
import type { SegmentError } from "../format/Segment.ts"
import type { Entropy } from "../platform/Entropy.ts"
import type { PrivateFileError } from "../platform/PrivateFile.ts"
import { Progress } from "../platform/Progress.ts"
import { archivedAmong } from "../store/ArchiveClass.ts"
import { StoreError } from "../store/StoreError.ts"
import { addAbsorbed, NOTHING_ABSORBED } from "./AbsorbedSum.ts"
import { archivedDetail } from "./Archived.ts"
import { bringAlong } from "./Arrival.ts"
import { oweOlder } from "./Debts.ts"
import { fetchLog, makeGate } from "./LogFetch.ts"
import { planLog } from "./LogPlan.ts"
import { type ListedManifest, listManifests } from "./ManifestFetch.ts"
import { manifestName, SEGMENTS } from "./ObjectNames.ts"
import { holdsForgotten } from "./OwnCopies.ts"
import { type Forked, readAndSettle, type SettleOptions } from "./OwnManifest.ts"
import { findMissing, forgiveMissing, type Gathered, gatherManifests, rememberVerdicts } from "./PeerManifests.ts"
import { askedLately, rememberAsked, restoreArchived, type RestoreReport } from "./Restore.ts"
import { noteRetired } from "./Retirements.ts"
import type * as Sync from "./SyncError.ts"
import type { Problem } from "./SyncError.ts"
import * as SyncState from "./SyncState.ts"
import { SyncTuning } from "./SyncTuning.ts"
import type { SegmentMismatch } from "./SegmentFetch.ts"
import type { VaultKeys } from "./VaultKeys.ts"
import type { VaultSession } from "./VaultSession.ts"

export interface PullReport {
  /** Devices found, ours not counted; and those of them that had something new. */
  readonly devices: number
  readonly changed: number
  /** Segments fetched and their sealed bytes. */
  readonly segments: number
  readonly bytes: number
  readonly absorbed: Absorbed
  /** Whether rules of other devices removed so many entries here that it has to be said plainly. */
  readonly removedMany: boolean
  readonly problems: ReadonlyArray<Problem>
  /** What became of the objects of others, as many as there are. */
  readonly objects: {
    readonly manifests: SyncState.ObjectCounts
    readonly segments: SyncState.ObjectCounts
  }
  readonly forks: ReadonlyArray<Forked>
  /** Manifests, ours too, that the store keeps in an archive: a new device could not read them. */
  readonly archivedManifests: number
  /** What was asked for; null where nothing was to be. */
  readonly restored: RestoreReport | null
}

export interface PullOptions extends SettleOptions {
  /** Ask the store to bring back what it has archived. */
  readonly restore?: boolean
}

/** What a pull would fetch: manifests are read, segments are not, nothing changes. */
export interface PullForecast {
  readonly devices: number
  readonly changed: number
  readonly operations: number
  readonly segments: number
  readonly bytes: number
  readonly problems: ReadonlyArray<Problem>
}

/** What a pull would fetch; reads manifests and changes nothing. */
export const forecast = Effect.fn("Pull.forecast")(function* () {
  const db = yield* HistoryDb
  const self = yield* db.device.id
  const listing = yield* listManifests
  const peers = othersIn(listing, self)
  const { problems, readable } = yield* gatherManifests(peers, { force: false, stands: standsIn(listing, self) })
  const known = yield* SyncState.allPeers
  const plans = yield* Effect.forEach(readable, ({ listed, manifest }) =>
    Effect.map(db.peers.ranges(listed.log), (applied) => ({
      manifest,
      plan: planLog(known.get(listed.log)?.boundaries ?? [], applied, manifest)
    }))
  )
  const segments = plans.flatMap(({ plan }) => plan.segments)
  const inline = plans.map(({ manifest, plan }) => (plan.tail ? manifest.last - tailFirst(manifest) + 1 : 0))
  return {
    devices: devicesIn(peers, self),
    changed: readable.length,
    operations: sum(segments, (segment) => segment.last - segment.first + 1) + sum(inline, (count) => count),
    segments: segments.length,
    bytes: sum(segments, (segment) => segment.sealed),
    problems
  } satisfies PullForecast as PullForecast
})

/** Written out, because everything that pulls is made of it. */
export type PullFailure =
  | DbError
  | StoreError
  | ManifestError
  | EnvelopeError
  | SegmentError
  | SegmentMismatch
  | PrivateFileError
  | Sync.ManifestCorrupt
  | Sync.VaultMismatch
  | Sync.WrongVaultKey
  | Sync.VaultKeyRotated
  | Sync.DeviceRetired
  | Sync.SequenceConflict

type PullContext = HistoryDb | VaultSession | VaultKeys | SyncTuning | Progress | Entropy

/** Fetches what is new; with `force`, reads everything again as it stands in the store. The caller holds the device lock. */
export const pull = Effect.fn("Pull.run")(function* (
  options: PullOptions
): Effect.fn.Return<PullReport, PullFailure, PullContext> {
  const progress = yield* Progress
  const { concurrentDownloads } = yield* SyncTuning
  const listing = yield* listManifests
  const own = yield* settleOwn(listing, options)
  if (options.force) yield* Effect.flatMap(HistoryDb, (db) => db.peers.restartAll)
  const self = yield* Effect.flatMap(HistoryDb, (db) => db.device.id)
  const peers = othersIn(listing, self)
  const { problems, readable, retired, verdicts } = yield* gatherManifests(peers, {
    force: options.force,
    stands: standsIn(listing, self)
  })
  yield* rememberVerdicts(verdicts, listing)
  const successor = retired.get(self)
  if (successor !== undefined) return yield* Effect.flatten(noteRetired(successor))
  const tryAll = options.force || options.restore === true
  const gate = yield* makeGate(concurrentDownloads)
  const outcomes = yield* progress.during("Pulling", "entries", (meter) => {
    const fetchAll = (logs: typeof readable) =>
      Effect.forEach(logs, (gathered) => fetchLog(gathered, gate, meter, { tryAll }), {
        concurrency: concurrentDownloads
      })
    // Conflict copies after the manifests that they are copies of: what those hold a copy need not bring.
    const [regular, copies] = [readable.filter(isRegular), readable.filter((each) => !isRegular(each))]
    return Effect.zipWith(fetchAll(regular), fetchAll(copies), (first, second) => [...first, ...second])
  })
  const missing = yield* options.force ? forgiveMissing(listing, self) : findMissing(listing, self)
  const met = [...own.problems, ...problems, ...missing, ...outcomes.flatMap((outcome) => outcome.problems)]
  const restored = options.restore === true && met.some(isArchived) ? yield* restoreArchived(met) : null
  if (restored !== null) yield* rememberAsked(restored.names)
  const applied = sum(outcomes, (outcome) => outcome.segments)
  const absorbed = outcomes.reduce((total, outcome) => addAbsorbed(total, outcome.absorbed), NOTHING_ABSORBED)
  const ownCopies = readable.flatMap(({ listed, manifest }) => (listed.device === self ? [manifest] : []))
  // A synchroniser may bring them long after what they hold was forgotten: the next push sees to it.
  if (yield* Effect.exists(ownCopies, holdsForgotten)) yield* oweOlder(self)
  const doubted = problems.length + missing.length
  if (met.length === 0) yield* bringAlong(new Set([...listing.map(({ device }) => device), ...retired.keys()]))
  return {
    devices: devicesIn(peers, self),
    changed: readable.length,
    objects: {
      manifests: counted(peers.length + missing.length, readable.length, doubted),
      segments: counted(yield* segmentsOf(peers), applied, met.filter(isOfSegment).length)
    },
    segments: applied,
    bytes: sum(outcomes, (outcome) => outcome.bytes),
    absorbed,
    removedMany: yield* removedMany(absorbed),
    problems: yield* withAsked(met),
    forks: own.forks,
    archivedManifests: archivedAmong(listing.map(({ info }) => info)).length,
    restored
  } satisfies PullReport as PullReport
})

/** How many there are is counted only where it matters. */
const removedMany = Effect.fnUntraced(function* ({ removed }: Absorbed) {
  if (!isMany(removed, 0)) return false
  const { history } = yield* HistoryDb
  return isMany(removed, (yield* history.summary).entries + removed)
})

const isRegular = ({ listed }: Gathered): boolean => !listed.isCopy

/** Of so many objects, those that were neither applied nor a problem had been applied before. */
const counted = (all: number, applied: number, problems: number): SyncState.ObjectCounts => ({
  applied,
  unchanged: Math.max(0, all - applied - problems),
  problems
})

/** Segments that the manifests name which were read, now or earlier. */
const segmentsOf = (peers: ReadonlyArray<ListedManifest>) =>
  Effect.map(SyncState.allPeers, (known) => sum(peers, ({ log }) => known.get(log)?.segments ?? 0))

const isOfSegment = ({ name }: Problem): boolean => name.startsWith(SEGMENTS)

/** All logs but our own. A copy of our own manifest may be that of another installation which had our id. */
const othersIn = (listing: ReadonlyArray<ListedManifest>, self: DeviceId) =>
  listing.filter((listed) => listed.device !== self || listed.isCopy)

const standsIn = (listing: ReadonlyArray<ListedManifest>, self: DeviceId): boolean =>
  listing.some(({ device, isCopy }) => device === self && !isCopy)

const devicesIn = (peers: ReadonlyArray<ListedManifest>, self: DeviceId): number =>
  new Set(peers.map((listed) => listed.device).filter((device) => device !== self)).size

/** What stands under our own name is settled first; it is read only where it is not what we know. */
const settleOwn = Effect.fnUntraced(function* (listing: ReadonlyArray<ListedManifest>, options: SettleOptions) {
  const self = yield* Effect.flatMap(HistoryDb, (db) => db.device.id)
  const known = Option.getOrNull(yield* SyncState.publication.get)
  const listed = listing.find((each) => each.device === self && !each.isCopy)
  const unchanged = listed === undefined ? known === null : listed.info.etag === known?.etag
  if (unchanged && !options.force) return NOTHING_SETTLED
  return yield* readAndSettle(options).pipe(
    Effect.map((settled) => ({ ...NOTHING_SETTLED, forks: settled._tag === "Forked" ? [settled] : [] })),
    // Nothing is decided about it before it can be read; others' logs are none the worse for that.
    Effect.catchIf(isArchivedObject, (error) =>
      Effect.map(archivedOwn(error, listed), (problem) => ({ ...NOTHING_SETTLED, problems: [problem] }))
    )
  )
})

const isArchivedObject = (error: { readonly _tag: string }): error is StoreError =>
  error instanceof StoreError && error.reason === "Archived"

const NOTHING_SETTLED: { readonly forks: ReadonlyArray<Forked>; readonly problems: ReadonlyArray<Problem> } = {
  forks: [],
  problems: []
}

const archivedOwn = ({ archive }: StoreError, listed: ListedManifest | undefined) =>
  Effect.gen(function* () {
    const { id, label } = yield* Effect.map(HistoryDb, ({ device }) => device)
    const problem: Problem = {
      kind: "archived",
      device: yield* label,
      name: manifestName(yield* id),
      detail: archivedDetail(archive),
      archived: { archive: archive ?? null, bytes: listed?.info.size ?? 0, asked: null }
    }
    return problem
  })

const isArchived = ({ kind }: Problem): boolean => kind === "archived"

/** Archived objects with when they were asked for. */
const withAsked = Effect.fnUntraced(function* (problems: ReadonlyArray<Problem>) {
  if (!problems.some(isArchived)) return problems
  const asked = yield* askedLately
  return problems.map((problem) =>
    problem.archived === undefined
      ? problem
      : { ...problem, archived: { ...problem.archived, asked: asked(problem.name) } }
  )
})

const sum = <A>(all: ReadonlyArray<A>, of: (each: A) => number): number =>
  all.reduce((total, each) => total + of(each), 0)
