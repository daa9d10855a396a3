/** Reading all that a device has published, to take it over: applied here, and gathered for this device's own log; with what of it cannot be read. */

import { Effect, Stream } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { DeviceId } from "../domain/Device.ts"
import type { ChainHash } from "../domain/LogChain.ts"
import { type Manifest, type Retirement, type SegmentRef, tailFirst } from "../format/Manifest.ts"
import type { SegmentReader } from "../format/SegmentReader.ts"
import { type Meter, meterTransfer, Progress } from "../platform/Progress.ts"
import { covers } from "./LogPlan.ts"
import { type FetchedManifest, fetchManifest, type ListedManifest } from "./ManifestFetch.ts"
import { manifestName, segmentName } from "./ObjectNames.ts"
import { claimsOf } from "./Retirements.ts"
import { applyOperations, downloadSegment, openSegment, readOperations, SegmentMismatch } from "./SegmentFetch.ts"
import * as SyncState from "./SyncState.ts"
import { SyncTuning } from "./SyncTuning.ts"

/** An object of the device that cannot be read, and whose operations this device has not applied before either. */
export interface Lost {
  readonly name: string
  readonly detail: string
  /** How many operations; null where nobody can tell. */
  readonly operations: number | null
}

export interface TakenLog {
  readonly label: string
  /** Of its last publication; null where no manifest of it could be read, now or earlier. */
  readonly sequence: number | null
  readonly last: number
  /** Absent where not all operations up to the last one are known here. */
  readonly chain: ChainHash | undefined
  readonly lost: ReadonlyArray<Lost>
  /** Something could not be read that had been applied here before: what it was, only the history tells. */
  readonly fromHistory: boolean
  /** Devices that it had taken over, and that go to its successor. */
  readonly retired: ReadonlyArray<Retirement>
  /** It says that it has taken this device over. */
  readonly claimsUs: boolean
}

/** Reads the manifest of a device and its conflict copies, with all that they name. The caller holds the device lock. */
export const readToTakeOver = Effect.fn("TakeoverRead.read")(function* (
  device: DeviceId,
  listing: ReadonlyArray<ListedManifest>
) {
  const progress = yield* Progress
  const listed = listing.filter((each) => each.device === device)
  const regular = listed.find((each) => !each.isCopy)
  return yield* progress.during("Taking over", "entries", (meter) =>
    Effect.gen(function* () {
      const own = yield* readOne(device, device, regular?.info.name ?? manifestName(device), regular, meter)
      const copies = yield* Effect.forEach(
        listed.filter((each) => each.isCopy),
        (copy) => readOne(device, copy.log, copy.info.name, copy, meter)
      )
      const all = [own, ...copies]
      const lost = all.flatMap((each) => each.lost)
      return {
        ...own,
        chain: lost.length === 0 ? own.chain : undefined,
        lost,
        fromHistory: all.some((each) => each.fromHistory),
        retired: all.flatMap((each) => each.retired)
      } satisfies TakenLog as TakenLog
    })
  )
})

const readOne = Effect.fnUntraced(function* (
  device: DeviceId,
  log: DeviceId,
  name: string,
  listed: ListedManifest | undefined,
  meter: Meter
) {
  const known = (yield* SyncState.allPeers).get(log)
  const fetched = yield* fetchManifest(name, device)
  if (fetched._tag === "Found") return yield* readManifest(log, name, fetched.manifest, meter)
  return yield* fromMemory(log, name, fetched, known, listed)
})

const readManifest = Effect.fnUntraced(function* (log: DeviceId, name: string, manifest: Manifest, meter: Meter) {
  const { concurrentDownloads } = yield* SyncTuning
  const { device, segments } = manifest
  const self = yield* Effect.flatMap(HistoryDb, (db) => db.device.id)
  meter.expect(
    manifest.last,
    segments.reduce((sum, { sealed }) => sum + sealed, 0)
  )
  const lost: Array<Lost> = []
  let fromHistory = false
  const unread = (what: string, first: number, last: number) => (error: { readonly detail: string }) =>
    Effect.gen(function* () {
      meter.leaveOut(last - first + 1)
      const ranges = yield* Effect.flatMap(HistoryDb, (db) => db.peers.ranges(log))
      if (covers(ranges, first, last)) fromHistory = true
      else lost.push({ name: what, detail: error.detail, operations: last - first + 1 })
    })
  yield* Stream.fromIterable(segments).pipe(
    Stream.mapEffect((segment) => Effect.either(download(device, segment, meter)), {
      concurrency: concurrentDownloads
    }),
    Stream.zip(Stream.fromIterable(segments)),
    Stream.runForEach(([got, segment]) =>
      Effect.flatMap(got, (sealed) => openSegment(device, segment, sealed)).pipe(
        Effect.flatMap((operations) => take(log, segment.first, operations, meter)),
        Effect.catchIf(isUnreadable, (error) =>
          unread(segmentName(device, segment.id), segment.first, segment.last)({ detail: wordsOf(error) })
        )
      )
    )
  )
  const first = tailFirst(manifest)
  if (first <= manifest.last) {
    yield* readOperations(manifest.tail, device).pipe(
      Effect.flatMap((operations) => take(log, first, operations, meter)),
      Effect.catchIf(isUnreadable, (error) => unread(name, first, manifest.last)({ detail: wordsOf(error) }))
    )
  }
  return {
    label: manifest.label,
    sequence: manifest.sequence,
    last: manifest.last,
    chain: lost.length === 0 ? manifest.chain : undefined,
    lost,
    fromHistory,
    retired: manifest.retired.filter((each) => each.device !== self),
    claimsUs: manifest.retired.some((each) => each.device === self)
  } satisfies TakenLog as TakenLog
})

/** Sealed bytes; why they cannot be had is told when their turn comes. */
const download = (device: DeviceId, segment: SegmentRef, meter: Meter) =>
  downloadSegment(device, segment, meterTransfer(meter, 0, segment.sealed))

/** Applies the operations and gathers them; what this hx cannot read of them fails. */
const take = Effect.fnUntraced(function* (log: DeviceId, first: number, operations: SegmentReader, meter: Meter) {
  const db = yield* HistoryDb
  if (operations.readable < operations.total) {
    return yield* new SegmentMismatch({ detail: "it holds what a newer hx wrote" })
  }
  yield* applyOperations(log, first, operations, (count) => meter.advance(count))
  let batch: Array<Parameters<typeof db.log.gather>[0][number]> = []
  for (const operation of operations) {
    if (batch.push(operation) < BATCH) continue
    yield* db.log.gather(batch)
    batch = []
  }
  if (batch.length > 0) yield* db.log.gather(batch)
})

const BATCH = 5_000

type Readable = { readonly _tag: string; readonly reason?: string }

/** Damaged, gone or in an archive; a store that does not answer is another matter. */
const isUnreadable = (error: Readable): boolean =>
  ["EnvelopeError", "SegmentError", "SegmentMismatch"].includes(error._tag) ||
  (error._tag === "StoreError" && ["Absent", "Archived", "TooLarge"].includes(error.reason ?? ""))

const wordsOf = (error: Readable & { readonly detail?: string | undefined }): string => {
  if (error.reason === "Absent") return "the segment is gone"
  if (error.reason === "Archived") return 'it is archived: "hx sync pull --restore" asks for it'
  return error.detail ?? "it does not open"
}

/** Its manifest cannot be read: what this device knows of the log has to do. */
const fromMemory = Effect.fnUntraced(function* (
  log: DeviceId,
  name: string,
  fetched: Exclude<FetchedManifest, { readonly _tag: "Found" }>,
  known: SyncState.PeerState | undefined,
  listed: ListedManifest | undefined
) {
  const db = yield* HistoryDb
  const self = yield* db.device.id
  const last = known?.last ?? 0
  const ranges = yield* db.peers.ranges(log)
  const whole = known !== undefined && known.sequence > 0 && (last === 0 || covers(ranges, 1, last))
  // The manifest that was read to its end, or none since: then everything is here.
  const same = fetched._tag === "Absent" || (listed !== undefined && listed.info.etag === known?.etag)
  const detail = fetched._tag === "Absent" ? "its manifest is gone" : fetched.detail
  const missing =
    last - ranges.reduce((sum, range) => sum + Math.max(0, Math.min(range.last, last) - range.first + 1), 0)
  const lost: ReadonlyArray<Lost> =
    whole && same
      ? []
      : [{ name, detail, operations: fetched._tag === "Absent" && known !== undefined ? missing : null }]
  const claims = known === undefined ? [] : claimsOf(log, known)
  return {
    label: known?.label ?? "",
    sequence: known === undefined || known.sequence === 0 ? null : known.sequence,
    last,
    chain: lost.length === 0 ? known?.boundaries.find(({ at }) => at === last)?.chain : undefined,
    lost,
    fromHistory: true,
    retired: claims.map(({ retirement }) => retirement).filter((each) => each.device !== self),
    claimsUs: claims.some(({ retirement }) => retirement.device === self)
  } satisfies TakenLog as TakenLog
})
