/** Fetching and applying what one device's log has that we lack. */

import { Effect, Option } from "effect"
import type { DbError } from "../db/DbError.ts"
import type { Absorbed } from "../db/HistoryDb.ts"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { Manifest, SegmentRef } from "../format/Manifest.ts"
import { tailFirst } from "../format/Manifest.ts"
import type { SegmentReader } from "../format/SegmentReader.ts"
import type { PrivateFileError } from "../platform/PrivateFile.ts"
import { type Meter, meterTransfer } from "../platform/Progress.ts"
import type { StoreError } from "../store/StoreError.ts"
import type { ArchiveClass } from "../store/ArchiveClass.ts"
import { archivedDetail } from "./Archived.ts"
import { addAbsorbed, NOTHING_ABSORBED } from "./AbsorbedSum.ts"
import { type Boundary, compareBoundaries } from "./Conflict.ts"
import { boundariesOf, covers, type KnownArchived, planLog, splitArchived } from "./LogPlan.ts"
import { fetchManifest } from "./ManifestFetch.ts"
import { segmentName } from "./ObjectNames.ts"
import type { Gathered } from "./PeerManifests.ts"
import { applyOperations, downloadSegment, openSegment, readOperations } from "./SegmentFetch.ts"
import { nowMicros } from "./SyncClock.ts"
import type {
  ArchivedObject,
  ManifestCorrupt,
  Problem,
  VaultKeyRotated,
  VaultMismatch,
  WrongVaultKey
} from "./SyncError.ts"
import * as SyncState from "./SyncState.ts"
import { SyncTuning } from "./SyncTuning.ts"
import type { VaultKeys } from "./VaultKeys.ts"
import type { VaultSession } from "./VaultSession.ts"

export interface LogOutcome {
  readonly segments: number
  /** Sealed bytes fetched. */
  readonly bytes: number
  readonly absorbed: Absorbed
  readonly problems: ReadonlyArray<Problem>
}

/** What bounds the memory of a pull, however many devices and segments it reads. */
export interface FetchGate {
  /** Sealed segments in memory, on their way or waiting to be opened. */
  readonly inFlight: Effect.Semaphore
  /** Segments open at a time: one. */
  readonly opening: Effect.Semaphore
}

export const makeGate = (concurrentDownloads: number): Effect.Effect<FetchGate> =>
  Effect.all({ inFlight: Effect.makeSemaphore(concurrentDownloads), opening: Effect.makeSemaphore(1) })

/** How often a manifest is read again because a segment it names was gone: its owner had just rewritten it. So often in a row in vain, … */
const MAX_REREADS = 3
/** … and so often in all, as long as each time something was new: an owner that compacts again and again does not keep a slow reader from its end. */
const MAX_ROUNDS = 64

export interface FetchOptions {
  /** Also what was found archived a short while ago. */
  readonly tryAll: boolean
}

/** Applies what is new of one log; what is bad of it is reported and left for the next pull. */
export const fetchLog = (
  gathered: Gathered,
  gate: FetchGate,
  meter: Meter,
  options: FetchOptions,
  rereads = { inVain: 0, all: 0 }
): Effect.Effect<LogOutcome, FetchFailure, FetchContext> =>
  Effect.gen(function* () {
    const outcome = yield* fetchOnce(gathered, gate, meter, options)
    if (!outcome.gone || rereads.inVain >= MAX_REREADS || rereads.all >= MAX_ROUNDS) return outcome
    const again = yield* fetchManifest(gathered.listed.info.name, gathered.listed.device)
    // Only what was published later explains it; an older one would be a log that went back.
    if (again._tag !== "Found" || again.manifest.sequence <= gathered.manifest.sequence) return outcome
    const newer = { ...gathered, etag: again.etag, manifest: again.manifest }
    const inVain = outcome.segments > 0 ? 1 : rereads.inVain + 1
    const rest = yield* fetchLog(newer, gate, meter, options, { inVain, all: rereads.all + 1 })
    return {
      segments: outcome.segments + rest.segments,
      bytes: outcome.bytes + rest.bytes,
      absorbed: addAbsorbed(outcome.absorbed, rest.absorbed),
      problems: rest.problems
    }
  })

/** Written out: taken from the functions below, they would be what the functions are made of. */
type FetchFailure =
  DbError | StoreError | ManifestCorrupt | VaultMismatch | WrongVaultKey | VaultKeyRotated | PrivateFileError
type FetchContext = HistoryDb | SyncTuning | VaultSession | VaultKeys

const fetchOnce = Effect.fn("LogFetch.once")(function* (
  gathered: Gathered,
  gate: FetchGate,
  meter: Meter,
  options: FetchOptions
) {
  const db = yield* HistoryDb
  const { concurrentDownloads } = yield* SyncTuning
  const { listed, manifest } = gathered
  const known = (yield* SyncState.allPeers).get(listed.log)
  const plan = planLog(known?.boundaries ?? [], yield* db.peers.ranges(listed.log), manifest)
  if (plan.restart) yield* db.peers.restart(listed.log)
  yield* begin(gathered, plan.restart ? [] : (known?.boundaries ?? []))
  const now = yield* nowMicros
  const split = splitArchived(plan.segments, options.tryAll ? undefined : known?.archived, now)
  const fetchAll = (segments: ReadonlyArray<SegmentRef>) => {
    meter.expect(
      segments.reduce((sum, segment) => sum + operationsIn(segment), 0),
      total(segments)
    )
    return Effect.forEach(segments, (segment) => fetchSegment(gathered, segment, gate, meter), {
      concurrency: concurrentDownloads
    })
  }
  const first = yield* fetchAll(split.scout === undefined ? split.tried : [...split.tried, split.scout])
  const triedAt = split.scout === undefined ? now : (known?.archived?.at ?? now)
  const stillThere = split.scout !== undefined && (first.at(-1)?.archived ?? null) !== null
  const second = stillThere
    ? split.rest.map((segment) => archivedPiece(gathered, segment, undefined))
    : yield* fetchAll(split.rest)
  const applied = [...first, ...second]
  const tail = plan.tail ? yield* applyTail(gathered) : NOTHING
  const pieces = [...applied, tail]
  const superseded = pieces.some((piece) => piece.gone) && (yield* isSuperseded(gathered))
  const problems = pieces.flatMap((piece) => (superseded && piece.gone ? [] : piece.problems))
  const archived = applied.flatMap((piece) => (piece.archived === null ? [] : [piece.archived]))
  yield* finish(gathered, problems, archived.length === 0 ? undefined : { at: triedAt, ids: archived })
  return {
    segments: applied.filter((piece) => piece.problems.length === 0).length,
    bytes: total(plan.segments),
    absorbed: pieces.reduce((sum, piece) => addAbsorbed(sum, piece.absorbed), NOTHING_ABSORBED),
    problems,
    gone: !superseded && pieces.some((piece) => piece.gone)
  }
})

/**
 * Of a conflict copy that is no newer than the manifest beside it, and says nothing else of the log as far as both can be compared, segments may be gone:
 * their owner has replaced them, and all that they held is in that manifest's own.
 */
const isSuperseded = Effect.fnUntraced(function* ({ listed, manifest }: Gathered) {
  if (!listed.isCopy) return false
  const db = yield* HistoryDb
  const regular = (yield* SyncState.allPeers).get(listed.device)
  const own = (yield* db.device.id) === listed.device ? yield* ownLog : null
  const known = own ?? regular
  if (known === undefined || known === null || manifest.sequence > known.sequence || manifest.last > known.last)
    return false
  const whole = own !== null || covers(yield* db.peers.ranges(listed.device), 1, manifest.last)
  return whole && compareBoundaries(known.boundaries, boundariesOf(manifest))._tag === "Agree"
})

/** This device's own log, where the copy is of its own manifest. */
const ownLog = Effect.gen(function* () {
  const publication = Option.getOrNull(yield* SyncState.publication.get)
  if (publication === null) return null
  const { last, segments, sequence } = publication
  const boundaries = segments.map((segment): Boundary => ({ at: segment.last, chain: segment.chain }))
  return { sequence, last, boundaries }
})

/** What became of one segment, or of the inline tail. */
interface Piece {
  readonly absorbed: Absorbed
  readonly problems: ReadonlyArray<Problem>
  /** The store has it no more. */
  readonly gone: boolean
  /** The id of a segment that has to be restored first. */
  readonly archived: string | null
}

const NOTHING: Piece = { absorbed: NOTHING_ABSORBED, problems: [], gone: false, archived: null }

const archivedPiece = (gathered: Gathered, segment: SegmentRef, archive: ArchiveClass | undefined): Piece => {
  const object: ArchivedObject = { archive: archive ?? null, bytes: segment.sealed, asked: null }
  const name = segmentName(gathered.listed.device, segment.id)
  return {
    ...NOTHING,
    problems: [{ ...problem(gathered, "archived", name, archivedDetail(archive)), archived: object }],
    archived: segment.id
  }
}

const fetchSegment = (gathered: Gathered, segment: SegmentRef, gate: FetchGate, meter: Meter) => {
  const failed = (kind: Problem["kind"], detail: string, gone = false): Piece => ({
    ...NOTHING,
    problems: [problem(gathered, kind, segmentName(gathered.listed.device, segment.id), detail)],
    gone
  })
  const bytes = meterTransfer(meter, 0, segment.sealed)
  let left = operationsIn(segment)
  const applied = (operations: number) => {
    meter.advance(operations)
    left -= operations
  }
  return downloadSegment(gathered.listed.device, segment, bytes).pipe(
    Effect.tap(() => Effect.sync(() => bytes(segment.sealed))),
    Effect.flatMap((sealed) => gate.opening.withPermits(1)(applySegment(gathered, segment, sealed, applied))),
    gate.inFlight.withPermits(1),
    Effect.ensuring(Effect.sync(() => meter.leaveOut(left))),
    Effect.catchTags({
      EnvelopeError: (error) => Effect.succeed(failed(kindOf(error.reason), error.detail)),
      SegmentError: (error) => Effect.succeed(failed(kindOf(error.reason), error.detail)),
      SegmentMismatch: (error) => Effect.succeed(failed("segment", error.detail)),
      StoreError: (error) => {
        if (error.reason === "Absent") return Effect.succeed(failed("missing", "the segment is gone", true))
        if (error.reason === "Archived") return Effect.succeed(archivedPiece(gathered, segment, error.archive))
        if (error.reason === "TooLarge") return Effect.succeed(failed("segment", error.detail ?? "too large"))
        return Effect.fail(error)
      }
    })
  )
}

const operationsIn = ({ first, last }: SegmentRef): number => last - first + 1

const applySegment = Effect.fnUntraced(function* (
  gathered: Gathered,
  segment: SegmentRef,
  sealed: Uint8Array,
  onApplied: (operations: number) => void
) {
  const operations = yield* openSegment(gathered.listed.device, segment, sealed)
  const end = { at: segment.last, chain: segment.chain }
  const name = segmentName(gathered.listed.device, segment.id)
  return yield* applyAll(gathered, segment.first, end, operations, name, onApplied)
})

const applyTail = (gathered: Gathered) =>
  Effect.flatMap(readOperations(gathered.manifest.tail, gathered.listed.device), (operations) =>
    applyAll(
      gathered,
      tailFirst(gathered.manifest),
      endOf(gathered.manifest),
      operations,
      gathered.listed.info.name,
      () => {}
    )
  ).pipe(
    Effect.catchTag("SegmentError", (error) =>
      Effect.succeed<Piece>({
        ...NOTHING,
        problems: [
          problem(gathered, kindOf(error.reason), gathered.listed.info.name, `its inline tail: ${error.detail}`)
        ]
      })
    )
  )

/** Applies a piece of the log and marks its end as passed, in one transaction: what was applied is never fetched again. */
const applyAll = Effect.fnUntraced(function* (
  gathered: Gathered,
  first: number,
  end: Boundary,
  operations: SegmentReader,
  name: string,
  onApplied: (operations: number) => void
) {
  const db = yield* HistoryDb
  const { log } = gathered.listed
  const complete = operations.readable === operations.total
  const absorbed = yield* db.transaction(
    Effect.zipLeft(
      applyOperations(log, first, operations, onApplied),
      complete
        ? SyncState.updatePeer(log, (peer) => ({ ...peer, boundaries: passed(peer.boundaries, end) }))
        : Effect.void
    )
  )
  if (complete) return { ...NOTHING, absorbed }
  const at = first + operations.readable
  const piece: Piece = {
    ...NOTHING,
    absorbed,
    problems: [problem(gathered, "newer", name, `operation ${at} needs a newer hx`)]
  }
  return piece
})

const passed = (boundaries: ReadonlyArray<Boundary>, end: Boundary): ReadonlyArray<Boundary> => [
  ...boundaries.filter((boundary) => boundary.at !== end.at),
  end
]

const endOf = (manifest: Manifest): Boundary => ({ at: manifest.last, chain: manifest.chain })

/** What the manifest says is remembered before anything of it is applied, but not as done with. */
const begin = (gathered: Gathered, boundaries: ReadonlyArray<Boundary>) => {
  const { forgiven, listed, manifest } = gathered
  return SyncState.putPeer(listed.log, {
    copy: listed.isCopy,
    label: manifest.label,
    sequence: manifest.sequence,
    published: manifest.published,
    etag: null,
    last: manifest.last,
    operations: operationsOf(manifest),
    segments: manifest.segments.length,
    bytes: total(manifest.segments),
    boundaries,
    seen: manifest.seen,
    retired: manifest.retired.map((retirement) => retirement.device),
    retirements: manifest.retired,
    forgiven,
    problem: null,
    epoch: manifest.epoch
  })
}

/** Only when nothing of it failed is the manifest done with, and its ETag remembered. */
const finish = (gathered: Gathered, problems: ReadonlyArray<Problem>, archived: KnownArchived | undefined) => {
  const stated = new Set(boundariesOf(gathered.manifest).map((boundary) => boundary.at))
  return SyncState.updatePeer(gathered.listed.log, (peer) => ({
    ...peer,
    etag: problems.length === 0 ? gathered.etag : null,
    problem: problems[0]?.detail ?? null,
    archived,
    boundaries: [
      ...peer.boundaries.filter((boundary) => !stated.has(boundary.at)).slice(-UNSTATED_BOUNDARIES),
      ...peer.boundaries.filter((boundary) => stated.has(boundary.at))
    ]
  }))
}

/** Boundaries that the manifest does not state (ends of earlier tails) stay good for comparison with the next one; so many are kept. */
const UNSTATED_BOUNDARIES = 64

const operationsOf = (manifest: Manifest): number =>
  manifest.segments.reduce((sum, segment) => sum + segment.count, 0) + manifest.last - tailFirst(manifest) + 1

const problem = (gathered: Gathered, kind: Problem["kind"], name: string, detail: string): Problem => ({
  kind,
  device: gathered.manifest.label,
  name,
  detail
})

const kindOf = (reason: string): Problem["kind"] => (reason === "NewerFormat" ? "newer" : "segment")

const total = (segments: ReadonlyArray<SegmentRef>): number =>
  segments.reduce((sum, segment) => sum + segment.sealed, 0)
