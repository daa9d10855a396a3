/** The first half of verifying: every manifest is read, and judged by what this device and all others have seen of it. */

import { Effect, Option } from "effect"
import { HistoryDb, type OperationRange } from "../db/HistoryDb.ts"
import type { DeviceId } from "../domain/Device.ts"
import type { Manifest, SegmentRef } from "../format/Manifest.ts"
import { archiveClassOf } from "../store/ArchiveClass.ts"
import { compareBoundaries, judgePeer } from "./Conflict.ts"
import { boundariesOf, covers } from "./LogPlan.ts"
import { type FetchedManifest, fetchManifest, type ListedManifest } from "./ManifestFetch.ts"
import { manifestName } from "./ObjectNames.ts"
import { standingClaims } from "./PeerManifests.ts"
import { claimsIn, everRetired, settleClaims } from "./Retirements.ts"
import { highestOf, type Sighting } from "./Seen.ts"
import { DeviceRetired } from "./SyncError.ts"
import * as SyncState from "./SyncState.ts"
import { SyncTuning } from "./SyncTuning.ts"
import type { Behind, Finding, FindingKind, Remedy } from "./VerifyFinding.ts"
import { judgeOwn } from "./VerifyOwn.ts"

/** A log whose segments are to be proved. */
export interface ReadLog {
  /** Of its manifest. */
  readonly name: string
  readonly log: DeviceId
  readonly device: DeviceId
  readonly own: boolean
  readonly label: string
  /** µs since 1970. */
  readonly published: number | null
  readonly segments: ReadonlyArray<SegmentRef>
  /** Null where it does not open, and this device remembers which segments it published. */
  readonly manifest: Manifest | null
  /** What has been applied here; of our own log all that there is. */
  readonly applied: ReadonlyArray<OperationRange>
}

export interface ReadManifests {
  readonly logs: ReadonlyArray<ReadLog>
  readonly findings: ReadonlyArray<Finding>
  readonly behind: ReadonlyArray<Behind>
  /** Manifests that open, and their sealed bytes. */
  readonly read: number
  readonly bytes: number
  /** The highest sequence of ours that any other device has seen. */
  readonly seenOfUs: number
  /** Devices with a manifest that cannot be read; this one where that is a conflict copy, which another installation with its id may have written. */
  readonly unread: ReadonlySet<DeviceId>
  /** Devices that another one has taken over: nobody reads their logs any more. */
  readonly retired: ReadonlySet<DeviceId>
}

interface Fetched {
  readonly listed: ListedManifest
  readonly fetched: FetchedManifest | { readonly _tag: "PutOff" }
}

/** One GET each, and a second one for those that do not open or seem to have gone back: they may have been replaced meanwhile. */
export const readManifests = Effect.fn("VerifyManifests.read")(function* (listing: ReadonlyArray<ListedManifest>) {
  const { concurrentDownloads } = yield* SyncTuning
  const self = yield* Effect.flatMap(HistoryDb, (db) => db.device.id)
  const known = yield* SyncState.allPeers
  const isOurs = ({ device, isCopy }: ListedManifest) => device === self && !isCopy
  const rankOf = (listed: ListedManifest) => (isOurs(listed) ? 0 : 1)
  const standing = yield* standingClaims(listing, known, { stands: listing.some(isOurs) })
  const before = settleClaims([...standing].flatMap(([by, claims]) => (by === self ? [] : claims)))
  // Our own first: it is never put off.
  const present = listing.filter(({ device }) => !before.has(device)).sort((a, b) => rankOf(a) - rankOf(b))
  const fetched = yield* fetchAll(present)
  const manifests = fetched.flatMap(({ fetched: each }) => (each._tag === "Found" ? [each.manifest] : []))
  for (const { fetched: each, listed } of fetched) {
    if (each._tag === "Found" && !listed.isCopy) standing.set(listed.device, claimsIn(each.manifest))
  }
  const claims = settleClaims([...standing.values()].flat())
  const successor = claims.get(self)
  if (successor !== undefined) return yield* new DeviceRetired({ by: successor.label })
  const retired = new Set(claims.keys())
  const seen = highestOf([
    ...[...known.values()].map((peer): ReadonlyArray<Sighting> => peer.seen),
    ...manifests.map((manifest) => manifest.seen)
  ])
  const own = fetched.find(({ listed }) => isOurs(listed))
  const mine = yield* readOwn(own, seen.get(self) ?? 0)
  const others = yield* Effect.forEach(
    fetched.filter(({ listed }) => !isOurs(listed) && !retired.has(listed.device)),
    (each) => readPeer(each, known.get(each.listed.log), seen),
    { concurrency: concurrentDownloads }
  )
  const gone = yield* Effect.forEach(missingFrom(listing, self, known, seen, yield* everRetired), (each) =>
    missing(each, known.get(each.device))
  )
  const all = [mine, ...others]
  const findings = [...all.flatMap(({ finding }) => (finding === null ? [] : [finding])), ...gone]
  return {
    logs: all.flatMap(({ logs }) => logs),
    findings,
    behind: others.flatMap(({ behind }) => (behind === null ? [] : [behind])),
    read: manifests.length,
    bytes: fetched.reduce((sum, each) => sum + (each.fetched._tag === "Found" ? each.listed.info.size : 0), 0),
    seenOfUs: seen.get(self) ?? 0,
    unread: new Set(findings.filter(mayNameFor(self)).flatMap(({ device }) => (device === null ? [] : [device]))),
    retired
  } satisfies ReadManifests as ReadManifests
})

/** Our own manifest, where it cannot be read, names what this device remembers. */
const mayNameFor =
  (self: DeviceId) =>
  ({ kind, name }: Finding): boolean =>
    kind !== "rollback" && name !== manifestName(self)

/** What one manifest came to. */
interface Judged {
  readonly logs: ReadonlyArray<ReadLog>
  readonly finding: Finding | null
  readonly behind: Behind | null
}

/** As many as may be held at once; see SyncTuning.heldManifests. */
const fetchAll = Effect.fnUntraced(function* (listing: ReadonlyArray<ListedManifest>) {
  const { concurrentDownloads, heldManifests } = yield* SyncTuning
  let held = 0
  const fetch = (listed: ListedManifest) =>
    Effect.suspend(() =>
      held < heldManifests
        ? Effect.map(fetchTwice(listed), (fetched): Fetched => ({ listed, fetched }))
        : Effect.succeed<Fetched>({ listed, fetched: { _tag: "PutOff" } })
    ).pipe(Effect.tap(({ fetched }) => Effect.sync(() => void (held += weightOf(fetched)))))
  return yield* Effect.forEach(listing, fetch, { concurrency: concurrentDownloads })
})

const fetchTwice = (listed: ListedManifest) =>
  Effect.flatMap(fetchManifest(listed.info.name, listed.device), (first) =>
    first._tag === "Unreadable" || first._tag === "Absent"
      ? fetchManifest(listed.info.name, listed.device)
      : Effect.succeed(first)
  )

/** Bytes that it takes in memory, about. */
const weightOf = (fetched: Fetched["fetched"]): number =>
  fetched._tag === "Found"
    ? fetched.manifest.tail.length + 512 * fetched.manifest.segments.length + 128 * fetched.manifest.seen.length
    : 0

const readOwn = Effect.fnUntraced(function* (own: Fetched | undefined, seen: number) {
  const db = yield* HistoryDb
  const device = yield* db.device.id
  const end = yield* db.log.end
  const known = Option.getOrNull(yield* SyncState.publication.get)
  const found = own === undefined || own.fetched._tag === "PutOff" ? { _tag: "Absent" as const } : own.fetched
  const finding = own?.fetched._tag === "PutOff" ? null : yield* judgeOwn(found, own?.listed, seen)
  const label = yield* db.device.label
  const logOf = (manifest: Manifest | null, segments: ReadonlyArray<SegmentRef>): ReadLog => ({
    name: manifestName(device),
    log: device,
    device,
    own: true,
    label,
    published: manifest?.published ?? known?.published ?? null,
    segments,
    manifest,
    applied: end === 0 ? [] : [{ first: 1, last: end }]
  })
  const read = found._tag === "Found" ? [logOf(found.manifest, found.manifest.segments)] : []
  // What we remember to have published is ours to prove, whatever became of the manifest that named it.
  const remembered =
    finding !== null && known !== null && finding.kind !== "conflict" ? [logOf(null, known.segments)] : []
  return { logs: [...read, ...remembered], finding, behind: null } satisfies Judged as Judged
})

const readPeer = Effect.fnUntraced(function* (
  { fetched, listed }: Fetched,
  known: SyncState.PeerState | undefined,
  sightings: ReadonlyMap<DeviceId, number>
) {
  const db = yield* HistoryDb
  const applied = yield* db.peers.ranges(listed.log)
  const doubt = (kind: FindingKind, detail: string, remedy: Remedy, more: Pick<Finding, "archived"> = {}): Judged => ({
    logs: [],
    behind: null,
    finding: {
      ...unreadable(listed, known, applied),
      kind,
      detail,
      remedy: remedy === "there" && listed.isCopy ? "copy" : remedy,
      ...more
    }
  })
  switch (fetched._tag) {
    case "Absent":
      return doubt("missing", "it was listed, and is gone now", "there")
    case "PutOff":
      return doubt("manifest", "there is too much to be read at once", "again")
    case "Archived": {
      const archive = fetched.error.archive ?? archiveClassOf(listed.info.storageClass) ?? null
      return doubt("archived", fetched.detail, "restore", {
        archived: { archive, bytes: listed.info.size, asked: null }
      })
    }
    case "Unreadable":
      return fetched.newer ? doubt("newer", fetched.detail, "upgrade") : doubt("manifest", fetched.detail, "there")
    case "Found":
      break
  }
  const current = yield* latest(fetched, listed, known, sightings)
  const { manifest } = current
  const log: ReadLog = {
    name: listed.info.name,
    log: listed.log,
    device: listed.device,
    own: false,
    label: manifest.label,
    published: manifest.published,
    segments: manifest.segments,
    manifest,
    applied
  }
  const finding: Finding | null =
    current.detail === null
      ? null
      : { ...unreadable(listed, known, applied), kind: "rollback", detail: current.detail, entries: 0, remedy: "there" }
  return { logs: [log], finding, behind: behindOf(log, manifest, known) } satisfies Judged as Judged
})

/** The manifest; where somebody has seen a newer one it is read once more, since that may have been published meanwhile. `detail`: what remains wrong. */
const latest = Effect.fnUntraced(function* (
  first: Extract<FetchedManifest, { readonly _tag: "Found" }>,
  listed: ListedManifest,
  known: SyncState.PeerState | undefined,
  sightings: ReadonlyMap<DeviceId, number>
) {
  if (listed.isCopy) return { manifest: first.manifest, detail: null }
  const forgiven = known?.forgiven ?? 0
  const seen = sightings.get(listed.device) ?? 0
  const missed = seen > forgiven ? seen : 0
  const judge = ({ epoch, sequence }: Manifest): string | null => {
    if (epoch < (known?.epoch ?? 0))
      return `it went back to key number ${epoch}; number ${known?.epoch ?? 0} had been seen`
    const verdict = judgePeer(sequence, known?.sequence ?? 0, missed)
    return verdict._tag === "Current" ? null : `it went back to publication ${sequence}; ${verdict.seen} had been seen`
  }
  const detail = judge(first.manifest)
  if (detail === null) return { manifest: first.manifest, detail }
  const again = yield* fetchManifest(listed.info.name, listed.device)
  return again._tag === "Found" && judge(again.manifest) === null
    ? { manifest: again.manifest, detail: null }
    : { manifest: first.manifest, detail }
})

/** A finding about a whole log, as far as this device knows of it. */
const unreadable = (
  { device, info }: Pick<ListedManifest, "device"> & { readonly info: { readonly name: string } },
  known: SyncState.PeerState | undefined,
  applied: ReadonlyArray<OperationRange>
) => ({
  name: info.name,
  device,
  label: known?.label ?? device,
  published: known === undefined || known.published === 0 ? null : known.published,
  gap: null,
  entries: known?.operations ?? 0,
  held: known === undefined || known.last === 0 ? null : covers(applied, 1, known.last)
})

const behindOf = (log: ReadLog, manifest: Manifest, known: SyncState.PeerState | undefined): Behind | null => {
  const agreement = compareBoundaries(known?.boundaries ?? [], boundariesOf(manifest))
  const applied = agreement._tag === "Diverge" ? [] : log.applied
  const has = applied.reduce((sum, { first, last }) => sum + Math.max(0, Math.min(last, manifest.last) - first + 1), 0)
  const { device, label } = log
  return has >= manifest.last ? null : { device, label, operations: manifest.last - has }
}

/** Devices that anybody knows to have published, and that have no manifest. */
const missingFrom = (
  listing: ReadonlyArray<ListedManifest>,
  self: DeviceId,
  known: ReadonlyMap<DeviceId, SyncState.PeerState>,
  seen: ReadonlyMap<DeviceId, number>,
  retired: ReadonlySet<DeviceId>
): ReadonlyArray<Sighting> => {
  const listed = new Set<string>(listing.flatMap((each) => (each.isCopy ? [] : [each.device])))
  const published = [...known].flatMap(([device, peer]) => (peer.copy ? [] : [{ device, sequence: peer.sequence }]))
  const expected = highestOf([[...seen].map(([device, sequence]) => ({ device, sequence })), published])
  return [...expected]
    .filter(([device, sequence]) => sequence > (known.get(device)?.forgiven ?? 0))
    .filter(([device]) => device !== self && !listed.has(device) && !retired.has(device))
    .map(([device, sequence]) => ({ device, sequence }))
}

const missing = Effect.fnUntraced(function* ({ device, sequence }: Sighting, known: SyncState.PeerState | undefined) {
  const applied = yield* Effect.flatMap(HistoryDb, (db) => db.peers.ranges(device))
  const about = unreadable({ device, info: { name: manifestName(device) } }, known, applied)
  const detail = `it is gone; publication ${sequence} had been seen`
  return { ...about, kind: "missing", detail, remedy: "there" } satisfies Finding as Finding
})
