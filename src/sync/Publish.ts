/**
 * Building one publication: the intent, the segments it needs, the manifest that names them.
 *
 * The intent is committed before anything is sent. Segments are encoded one after the other and uploaded several at a time; the manifest is made
 * only when all of them are durable.
 */

import { Chunk, Effect, Option, Stream } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { DeviceId } from "../domain/Device.ts"
import { manifestContext, SALT_BYTES, seal } from "../format/Envelope.ts"
import { encode, type Manifest, type SegmentRef } from "../format/Manifest.ts"
import { SegmentWriter } from "../format/SegmentWriter.ts"
import { Entropy } from "../platform/Entropy.ts"
import { type Meter, meterTransfer, Progress } from "../platform/Progress.ts"
import { Always, Create, IfMatch, type PutCondition, type StoreCapabilities } from "../store/ObjectStore.ts"
import { oweOlder } from "./Debts.ts"
import { rekeyPending } from "./KnownVault.ts"
import { manifestName, segmentName } from "./ObjectNames.ts"
import { ownRetirements } from "./Retirements.ts"
import { seenByPeers, seenByUs } from "./Seen.ts"
import { type Block, blocks, sealedRun, type SealedSegment, sealWithinSize } from "./SegmentBuild.ts"
import { holdsAny, planSegments, segmentLimits, type Step } from "./SegmentPlan.ts"
import {
  abortLeftUploads,
  DAMAGED,
  type Durable,
  isDurable,
  listDurable,
  updateIntent,
  uploadSegment
} from "./SegmentUpload.ts"
import { nowMicros } from "./SyncClock.ts"
import * as SyncState from "./SyncState.ts"
import { SyncTuning } from "./SyncTuning.ts"
import { VaultSession } from "./VaultSession.ts"

/** A publication whose segments are durable and whose manifest has not been sent. */
export interface Draft {
  readonly manifest: Manifest
  /** The ETag of the manifest to replace; null to create one; empty to write over whatever is there. */
  readonly replaces: string | null
  /** Purged operations it leaves out. */
  readonly purged: ReadonlyArray<number>
  /** Published segments that it names no more, and whether they must be gone at once. */
  readonly replaced: ReadonlyArray<{ readonly segment: SegmentRef; readonly urgent: boolean }>
  /** Segments made for it. */
  readonly sent: { readonly segments: number; readonly bytes: number }
}

export const NOTHING_DURABLE: Durable = new Map()

/**
 * Commits the intent and makes everything durable that the manifest will name. Where it is known what is `durable`, the rest is sent again; the sequence is
 * `above` what is known to have been seen.
 */
export const draftPublication = Effect.fn("Publish.draft")(function* (
  force: boolean,
  { above = 0, durable: known }: { readonly durable?: Durable; readonly above?: number } = {}
) {
  const db = yield* HistoryDb
  const device = yield* db.device.id
  const before = Option.getOrNull(yield* SyncState.publication.get)
  const floor = Option.getOrNull(yield* SyncState.floor.get)
  const last = yield* db.log.end
  const purged = yield* db.log.purged
  const resumes = (yield* SyncState.intentsOrNone).some((intent) => intent.segments.length > 0)
  yield* abortLeftUploads
  const durable = known ?? (force || resumes ? yield* listDurable(device) : NOTHING_DURABLE)
  const { keyring } = yield* VaultSession
  const highest = Math.max(
    above,
    before?.sequence ?? 0,
    floor?.sequence ?? 0,
    yield* SyncState.highestIn(keyring.vaultId)
  )
  const sequence = 1 + Math.max(highest, yield* seenByPeers(device))
  const nonce = yield* Entropy.hex(16)
  // Whatever was sent so far may have left something behind that holds what is forgotten.
  const sent = Math.max(before?.last ?? 0, ...(yield* SyncState.intentsOrNone).map((intent) => intent.last))
  const rekeyed = yield* rekeyPending
  // And who has a key that is over could read what it opened.
  if (rekeyed || purged.some((number) => floor !== null || number <= sent)) yield* oweOlder(device)
  yield* addIntent({ sequence, nonce, last, segments: [], purged, uploads: [] })

  const rewrite = (segment: SegmentRef) => {
    // What is sealed under a key that is over is sealed again, and goes at once.
    if (rekeyed) return "purged"
    if (holdsAny(purged, segment)) return "purged"
    const held = durable.get(segmentName(device, segment.id))
    if (held === DAMAGED) return "purged"
    return (force || known !== undefined) && held !== segment.sealed ? "missing" : "no"
  }
  const steps = planSegments(before?.segments ?? [], rewrite, segmentLimits(yield* SyncTuning))
  const pieces = yield* sendPieces(device, steps, last, durable, nonce)
  const manifest: Manifest = {
    device,
    label: yield* db.device.label,
    sequence,
    nonce,
    published: yield* nowMicros,
    epoch: keyring.epoch,
    last,
    chain: yield* db.log.chainAt(last),
    segments: pieces.segments,
    tail: pieces.tail,
    retired: yield* ownRetirements,
    seen: yield* seenByUs(device)
  }
  return {
    manifest,
    replaces: floor !== null ? floor.etag : (before?.etag ?? null),
    purged,
    replaced: steps.flatMap((step) =>
      step._tag === "Keep" ? [] : step.replaced.map((segment) => ({ segment, urgent: step.purges }))
    ),
    sent: pieces.sent
  } satisfies Draft as Draft
})

/** Seals the manifest and swaps it in: one PUT, however it ends. Gives the new ETag. */
export const putManifest = Effect.fn("Publish.putManifest")(function* (draft: Draft) {
  const { keyring, store } = yield* VaultSession
  const { compression } = yield* SyncTuning
  const entropy = yield* Entropy
  const { manifest } = draft
  const sealed = yield* seal(yield* encode(manifest), manifestContext(manifest.device), keyring, {
    codec: compression ? "brotli" : "none",
    salt: yield* entropy.bytes(SALT_BYTES)
  })
  return yield* store.put(manifestName(manifest.device), sealed, {
    condition: conditionFor(draft.replaces, store.capabilities)
  })
})

/** Whether a swap that must not happen is refused by the store itself. */
export const isConditional = (capabilities: StoreCapabilities): boolean =>
  capabilities.createOnly && capabilities.ifMatch !== "none"

const conditionFor = (replaces: string | null, capabilities: StoreCapabilities): PutCondition => {
  if (!isConditional(capabilities) || replaces === "") return Always
  return replaces === null ? Create : IfMatch(replaces)
}

/** A publication that certainly did not arrive need not be recognised; what was sent for it has still to be found again. */
export const dropIntent = (nonce: string) =>
  Effect.flatMap(SyncState.intentsOrNone, (intents) =>
    SyncState.putIntents(
      intents.filter((each) => each.nonce !== nonce || each.segments.length + each.uploads.length > 0)
    )
  )

/** Publications that never came to an end: of so many all is remembered, of more only what recognises them. */
const WHOLE_INTENTS = 32
const MAX_INTENTS = 2_000

const addIntent = (intent: SyncState.Intent) =>
  Effect.flatMap(SyncState.intentsOrNone, (intents) => {
    const older = intents.slice(-MAX_INTENTS, -WHOLE_INTENTS)
    const newest = intents.slice(-WHOLE_INTENTS)
    return SyncState.putIntents([...older.map(bare), ...carryOver(older, newest), intent])
  })

const bare = (intent: SyncState.Intent): SyncState.Intent => ({ ...intent, segments: [], purged: [], uploads: [] })

/** What older publications had sent is remembered with the first of the newer ones. */
const carryOver = (older: ReadonlyArray<SyncState.Intent>, [first, ...rest]: ReadonlyArray<SyncState.Intent>) => {
  if (first === undefined) return []
  const segments = new Map([...older, first].flatMap((each) => each.segments).map((segment) => [segment.id, segment]))
  const uploads = [...older, first].flatMap((each) => each.uploads)
  return [{ ...first, segments: [...segments.values()], uploads }, ...rest]
}

type Piece =
  | { readonly _tag: "Kept"; readonly ref: SegmentRef }
  | { readonly _tag: "Sealed"; readonly segment: SealedSegment }
  | { readonly _tag: "Inline"; readonly block: Block }

/** Carries out the plan and cuts what follows it: segments in order, and what stays inline. */
const sendPieces = Effect.fnUntraced(function* (
  device: DeviceId,
  steps: ReadonlyArray<Step<SegmentRef>>,
  last: number,
  durable: Durable,
  nonce: string
) {
  const progress = yield* Progress
  const { concurrentUploads } = yield* SyncTuning
  const tailFirst =
    1 + steps.reduce((end, step) => Math.max(end, step._tag === "Keep" ? step.segment.last : step.last), 0)
  const pieces = Stream.concat(
    Stream.flatMap(Stream.fromIterable(steps), (step) =>
      step._tag === "Keep"
        ? Stream.succeed<Piece>({ _tag: "Kept", ref: step.segment })
        : Stream.map(sealedRun(device, step.first, step.last), toPiece)
    ),
    tailPieces(device, tailFirst, last)
  )
  const built = steps.reduce((sum, step) => sum + (step._tag === "Build" ? step.last - step.first + 1 : 0), 0)
  const sent = yield* progress.during("Pushing", "entries", (meter) => {
    const track = trackSending(meter, built + Math.max(0, last - tailFirst + 1))
    return pieces.pipe(
      Stream.mapEffect((piece) => settlePiece(device, piece, durable, nonce, track), {
        concurrency: concurrentUploads
      }),
      Stream.runCollect
    )
  })
  const all = Chunk.toReadonlyArray(sent)
  const made = all.flatMap((piece) => (piece._tag === "Sent" ? [piece.ref] : []))
  const inline = all.find((piece) => piece._tag === "Inline")
  return {
    segments: all.flatMap((piece) => (piece._tag === "Inline" ? [] : [piece.ref])),
    tail: inline === undefined ? new SegmentWriter(device).finish() : inline.block.plaintext,
    sent: { segments: made.length, bytes: made.reduce((sum, ref) => sum + ref.sealed, 0) }
  }
})

type Settled = Exclude<Piece, { _tag: "Sealed" }> | { readonly _tag: "Sent"; readonly ref: SegmentRef }

/** Makes a piece durable; of a segment that is, only the reference stays in memory. */
const settlePiece = Effect.fnUntraced(function* (
  device: DeviceId,
  piece: Piece,
  durable: Durable,
  nonce: string,
  track: Tracking
) {
  if (piece._tag === "Inline") track.inline(piece.block)
  if (piece._tag !== "Sealed") return piece satisfies Settled as Settled
  yield* sendSegment(device, piece.segment, durable, nonce, track)
  return { _tag: "Sent", ref: piece.segment.ref } satisfies Settled as Settled
})

/** Notes the segment in the intent, then makes it durable. */
const sendSegment = Effect.fnUntraced(function* (
  device: DeviceId,
  segment: SealedSegment,
  durable: Durable,
  nonce: string,
  track: Tracking
) {
  yield* updateIntent(nonce, (intent) => ({ ...intent, segments: [...intent.segments, segment.ref] }))
  if (isDurable(device, segment, durable)) return track.durable(segment)
  yield* uploadSegment(device, segment, durable, nonce, track.sending(segment))
})

/** What the meter is told of each piece. */
interface Tracking {
  readonly inline: (block: Block) => void
  readonly durable: (segment: SealedSegment) => void
  /** Gives what hears how many of its bytes have arrived. */
  readonly sending: (segment: SealedSegment) => (sent: number) => void
}

/** How many changes there are is known at once. How many bytes they come to shows as segments are sealed; the rest is taken to be like those. */
const trackSending = (meter: Meter, changes: number): Tracking => {
  let [seen, sealed, bytes] = [0, 0, 0]
  meter.expect(changes)
  const see = ({ bytes: { length }, ref }: SealedSegment, sent: number) => {
    seen += ref.last - ref.first + 1
    sealed += length
    bytes += sent
    meter.estimate(Math.round(bytes + Math.max(0, changes - seen) * (sealed / seen)))
  }
  return {
    inline: ({ first, last }) => meter.leaveOut(last - first + 1),
    durable: (segment) => {
      see(segment, 0)
      meter.leaveOut(segment.ref.last - segment.ref.first + 1)
    },
    sending: (segment) => {
      see(segment, segment.bytes.length)
      return meterTransfer(meter, segment.ref.last - segment.ref.first + 1, segment.bytes.length)
    }
  }
}

const toPiece = (segment: SealedSegment): Piece => ({ _tag: "Sealed", segment })

/** A rest of more plaintext than so many full tails is not tried as an inline tail: its segments are sent as they are made. */
const TRIED_TAILS = 32

/** What follows the last segment: full segments as long as there is enough for them, and a rest that stays inline where it is small. */
const tailPieces = (device: DeviceId, first: number, last: number) =>
  Stream.flatMap(blocks(device, first, last), (block) =>
    Stream.unwrap(
      Effect.map(SyncTuning, ({ inlineTail }) => {
        const sealed = sealWithinSize(device, block)
        const size = block.plaintext.length
        if (block.last < last || size > TRIED_TAILS * inlineTail) return Stream.map(sealed, toPiece)
        if (size <= inlineTail) return Stream.succeed(toInline(block))
        return Stream.unwrap(Effect.map(Stream.runCollect(sealed), (segments) => tailOf(block, segments, inlineTail)))
      })
    )
  )

/** A rest that compresses to little stays inline; the segment made of it to find out is dropped. */
const tailOf = (block: Block, sealed: Chunk.Chunk<SealedSegment>, inlineTail: number): Stream.Stream<Piece> => {
  const bytes = Chunk.reduce(sealed, 0, (sum, segment) => sum + segment.bytes.length)
  return bytes <= inlineTail ? Stream.succeed(toInline(block)) : Stream.map(Stream.fromChunk(sealed), toPiece)
}

const toInline = (block: Block): Piece => ({ _tag: "Inline", block })
