/** Deciding which manifests of other devices to read, and which of those read to believe. */

import { Effect } from "effect"
import type { DeviceId } from "../domain/Device.ts"
import type { Manifest } from "../format/Manifest.ts"
import { HistoryDb } from "../db/HistoryDb.ts"
import { archiveClassOf } from "../store/ArchiveClass.ts"
import { judgePeer } from "./Conflict.ts"
import { type FetchedManifest, fetchManifest, type ListedManifest } from "./ManifestFetch.ts"
import { manifestName } from "./ObjectNames.ts"
import { type Claim, claimsIn, claimsOf, everRetired, ownClaims, settleClaims } from "./Retirements.ts"
import { highestOf, type Sighting } from "./Seen.ts"
import type { Problem } from "./SyncError.ts"
import * as SyncState from "./SyncState.ts"
import { SyncTuning } from "./SyncTuning.ts"

/** A manifest that may be believed and has something to tell. */
export interface Gathered {
  readonly listed: ListedManifest
  readonly etag: string
  readonly manifest: Manifest
  /** Sequences up to this one are not missed any more. */
  readonly forgiven: number
}

interface Fetched {
  readonly listed: ListedManifest
  readonly fetched: FetchedManifest | PutOff
}

/** There is too much to be held at once: the next pull reads it. */
interface PutOff {
  readonly _tag: "PutOff"
}

export interface GatherOptions {
  /** Believe what is there, though somebody has seen newer. */
  readonly force: boolean
  /** This device's own manifest stands in the store: what it says of others counts. */
  readonly stands: boolean
}

/** Reads the manifests that changed: one GET each, a second one for those that do not open or seem to have gone back. */
export const gatherManifests = Effect.fn("PeerManifests.gather")(function* (
  listing: ReadonlyArray<ListedManifest>,
  options: GatherOptions
) {
  const { concurrentDownloads, heldManifests } = yield* SyncTuning
  const known = yield* SyncState.allPeers
  const standing = yield* standingClaims(listing, known, options)
  const self = yield* Effect.flatMap(HistoryDb, (db) => db.device.id)
  // What this device alone says does not count yet: the device that it has retired may have retired this one, and earlier.
  const before = settleClaims([...standing].flatMap(([by, claims]) => (by === self ? [] : claims)))
  const present = listing.filter((listed) => !before.has(listed.device))
  const changed = present.filter((listed) => known.get(listed.log)?.etag !== listed.info.etag)
  let held = 0
  const within = (fetch: typeof fetchOnce) => (listed: ListedManifest) =>
    Effect.suspend(() => (held < heldManifests ? fetch(listed) : Effect.succeed(putOff(listed)))).pipe(
      Effect.tap(({ fetched }) => Effect.sync(() => void (held += weightOf(fetched))))
    )
  const first = yield* Effect.forEach(changed, within(fetchTwice), { concurrency: concurrentDownloads })
  const sightings = highestOf([
    ...[...known.values()].map((peer): ReadonlyArray<Sighting> => peer.seen),
    ...first.flatMap(({ fetched }) => (fetched._tag === "Found" ? [fetched.manifest.seen] : []))
  ])
  const unchanged = present.filter((listed) => !changed.includes(listed))
  const suspicious = unchanged.filter(
    (listed) => !listed.isCopy && sequenceGap(known.get(listed.log), listed.device, sightings) && !options.force
  )
  const again = yield* Effect.forEach(suspicious, within(fetchOnce), { concurrency: concurrentDownloads })
  const verdicts = yield* Effect.forEach(
    [...first, ...again],
    (each) => believe(each, known.get(each.listed.log), sightings, options),
    { concurrency: concurrentDownloads }
  )
  const believed = verdicts.flatMap((verdict) => (verdict._tag === "Believed" ? [verdict.gathered] : []))
  for (const { listed, manifest } of believed) if (!listed.isCopy) standing.set(listed.device, claimsIn(manifest))
  // A device that is new here hears of a retirement from the very manifests it has just read.
  const retired = settleClaims([...standing.values()].flat())
  const counts = ({ device }: ListedManifest) => !retired.has(device)
  const doubted = verdicts.flatMap((verdict) => (verdict._tag === "Doubted" && counts(verdict.listed) ? [verdict] : []))
  return {
    retired,
    readable: believed.filter(({ listed }) => counts(listed)),
    problems: doubted.map((verdict) => verdict.problem),
    /** What each log that was looked at is to be remembered with: why it could not be believed, or null where nothing is wrong. */
    verdicts: new Map<DeviceId, string | null>([
      ...[...retired.keys()].map((device) => [device, null] as const),
      ...unchanged.map((listed) => [listed.log, null] as const),
      ...doubted.map((verdict) => [verdict.listed.log, verdict.problem.detail] as const)
    ])
  }
})

/** What the manifests that stand say, as far as they have been read, this device's own among them. */
export const standingClaims = Effect.fnUntraced(function* (
  listing: ReadonlyArray<ListedManifest>,
  known: ReadonlyMap<DeviceId, SyncState.PeerState>,
  { stands }: Pick<GatherOptions, "stands">
) {
  const self = yield* Effect.flatMap(HistoryDb, (db) => db.device.id)
  const standing = new Map<DeviceId, ReadonlyArray<Claim>>()
  for (const { device, isCopy } of listing) {
    const peer = known.get(device)
    if (!isCopy && device !== self && peer !== undefined) standing.set(device, claimsOf(device, peer))
  }
  if (stands) standing.set(self, yield* ownClaims)
  return standing
})

/** Remembers, for status, why a log could not be read, and that it can be again. */
export const rememberVerdicts = Effect.fn("PeerManifests.rememberVerdicts")(function* (
  verdicts: ReadonlyMap<DeviceId, string | null>,
  listing: ReadonlyArray<ListedManifest>
) {
  const known = yield* SyncState.allPeers
  const devices = new Set<DeviceId>(listing.flatMap((each) => (each.isCopy ? [] : [each.device])))
  let strangers = 0
  for (const [log, problem] of verdicts) {
    const peer = known.get(log)
    if (peer !== undefined) {
      if (peer.problem !== problem) yield* SyncState.updatePeer(log, (each) => ({ ...each, problem }))
    } else if (problem !== null && devices.has(log) && strangers++ < MOST_STRANGERS) {
      yield* SyncState.putPeer(log, { ...UNHEARD_OF, label: log, forgiven: 0, problem })
    }
  }
  // Of those that were never read there is nothing to keep when they are gone again.
  const { peers } = yield* HistoryDb
  for (const [log, peer] of known) {
    if (!peer.copy && peer.sequence === 0 && peer.problem !== null && !devices.has(log)) yield* peers.restart(log)
  }
})

/** Anybody who can write to the store can put there as many manifests as they like: of so many that never opened it is remembered why. */
const MOST_STRANGERS = 100

/** Devices that we, or others, know to have published, and whose manifest is not there; remembered, for status. Changes nothing else. */
export const findMissing = Effect.fn("PeerManifests.findMissing")(function* (
  listing: ReadonlyArray<ListedManifest>,
  self: DeviceId
) {
  const known = yield* SyncState.allPeers
  const problems = missingFrom(listing, self, known, yield* everRetired).map(({ device, sequence }) => ({
    log: device,
    kind: "missing" as const,
    device: known.get(device)?.label ?? device,
    name: manifestName(device),
    detail: `its manifest is gone; publication ${sequence} had been seen. What was pulled of it before is kept`
  }))
  for (const { detail, log } of problems) {
    const peer = known.get(log) ?? { ...UNHEARD_OF, label: log, forgiven: 0 }
    if (peer.problem !== detail) yield* SyncState.putPeer(log, { ...peer, problem: detail })
  }
  return problems.map(({ log: _log, ...problem }): Problem => problem)
})

/** A forced pull takes the store as it is: devices that are gone from it are not missed any more. */
export const forgiveMissing = Effect.fn("PeerManifests.forgiveMissing")(function* (
  listing: ReadonlyArray<ListedManifest>,
  self: DeviceId
) {
  const known = yield* SyncState.allPeers
  for (const { device, sequence } of missingFrom(listing, self, known, yield* everRetired)) {
    yield* SyncState.putPeer(device, { ...UNHEARD_OF, label: device, forgiven: sequence })
  }
  return [] as ReadonlyArray<Problem>
})

const UNHEARD_OF: Omit<SyncState.PeerState, "label" | "forgiven"> = {
  copy: false,
  sequence: 0,
  published: 0,
  etag: null,
  last: 0,
  operations: 0,
  segments: 0,
  bytes: 0,
  boundaries: [],
  seen: [],
  retired: [],
  problem: null
}

const missingFrom = (
  listing: ReadonlyArray<ListedManifest>,
  self: DeviceId,
  known: ReadonlyMap<DeviceId, SyncState.PeerState>,
  retired: ReadonlySet<DeviceId>
): ReadonlyArray<Sighting> => {
  const listed = new Set<string>(listing.flatMap((each) => (each.isCopy ? [] : [each.device])))
  const expected = new Map<DeviceId, number>()
  const expect = ({ device, sequence }: Sighting) => {
    const forgiven = known.get(device)?.forgiven ?? 0
    if (sequence > forgiven) expected.set(device, Math.max(sequence, expected.get(device) ?? 0))
  }
  for (const [log, peer] of known) {
    if (!peer.copy) expect({ device: log, sequence: peer.sequence })
    peer.seen.forEach(expect)
  }
  return [...expected]
    .filter(([device]) => device !== self && !listed.has(device) && !retired.has(device))
    .map(([device, sequence]) => ({ device, sequence }))
}

const fetchOnce = (listed: ListedManifest) =>
  Effect.map(fetchManifest(listed.info.name, listed.device), (fetched): Fetched => ({ listed, fetched }))

/** A manifest that does not open may have been replaced while we read: it gets a second chance. */
const fetchTwice = (listed: ListedManifest) =>
  Effect.flatMap(fetchOnce(listed), (first) =>
    first.fetched._tag === "Unreadable" || first.fetched._tag === "Absent" ? fetchOnce(listed) : Effect.succeed(first)
  )

const putOff = (listed: ListedManifest): Fetched => ({ listed, fetched: { _tag: "PutOff" } })

/** Bytes that a manifest takes in memory, about. */
const weightOf = (fetched: Fetched["fetched"]): number =>
  fetched._tag === "Found"
    ? fetched.manifest.tail.length + 512 * fetched.manifest.segments.length + 128 * fetched.manifest.seen.length
    : 0

type Verdict =
  | { readonly _tag: "Believed"; readonly gathered: Gathered }
  | { readonly _tag: "Doubted"; readonly listed: ListedManifest; readonly problem: Problem }

const believe = Effect.fnUntraced(function* (
  { fetched, listed }: Fetched,
  known: SyncState.PeerState | undefined,
  sightings: ReadonlyMap<DeviceId, number>,
  options: GatherOptions
) {
  const doubt = (kind: Problem["kind"], detail: string, more: Pick<Problem, "archived"> = {}): Verdict => ({
    _tag: "Doubted",
    listed,
    problem: { kind, device: known?.label ?? listed.device, name: listed.info.name, detail, ...more }
  })
  if (fetched._tag === "Absent") return doubt("missing", "it was listed, but cannot be read")
  if (fetched._tag === "PutOff") return doubt("manifest", "there is too much to read at once: the next pull reads it")
  if (fetched._tag === "Archived") {
    const archived = {
      archive: fetched.error.archive ?? archiveClassOf(listed.info.storageClass) ?? null,
      bytes: listed.info.size,
      asked: null
    }
    return doubt("archived", fetched.detail, { archived })
  }
  if (fetched._tag === "Unreadable") return doubt(fetched.newer ? "newer" : "manifest", fetched.detail)
  const seen = sightings.get(listed.device) ?? 0
  const trusted = (found: typeof fetched, forgiven: number): Verdict => ({
    _tag: "Believed",
    gathered: { listed, etag: found.etag, manifest: found.manifest, forgiven }
  })
  if (options.force) return trusted(fetched, seen)
  const forgiven = known?.forgiven ?? 0
  if (listed.isCopy) return trusted(fetched, forgiven)
  const missed = seen > forgiven ? seen : 0
  const epoch = known?.epoch ?? 0
  if (fetched.manifest.epoch < epoch) {
    return doubt(
      "rollback",
      `it went back to key number ${fetched.manifest.epoch}; number ${epoch} had been seen. ${KEPT}`
    )
  }
  if (judgePeer(fetched.manifest.sequence, known?.sequence ?? 0, missed)._tag === "Current")
    return trusted(fetched, forgiven)
  // It may have been published between our LIST, or first GET, and the manifest that speaks of it.
  const { fetched: latest } = yield* fetchOnce(listed)
  if (latest._tag === "Found" && judgePeer(latest.manifest.sequence, known?.sequence ?? 0, missed)._tag === "Current") {
    return trusted(latest, forgiven)
  }
  return doubt(
    "rollback",
    `it went back to publication ${fetched.manifest.sequence}; ${Math.max(known?.sequence ?? 0, missed)} had been seen. ${KEPT}`
  )
})

const KEPT = "What was pulled of it before is kept"

/** Whether somebody has seen a newer manifest of this device than the one we hold and the store still lists. */
const sequenceGap = (
  known: SyncState.PeerState | undefined,
  device: DeviceId,
  sightings: ReadonlyMap<DeviceId, number>
): boolean => {
  const seen = sightings.get(device) ?? 0
  return known !== undefined && seen > known.sequence && seen > known.forgiven
}
