/**
 * Turning runs of this device's operations into sealed segments.
 *
 * Operations are read from the database in batches and go straight into the columns of a segment, so that memory holds one segment being built and
 * those on their way, however long the history is.
 */

import { Effect, Option, Stream } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { DeviceId } from "../domain/Device.ts"
import { SALT_BYTES, seal, segmentContext } from "../format/Envelope.ts"
import type { SegmentRef } from "../format/Manifest.ts"
import { CUT_OPERATIONS, CUT_PLAINTEXT, plaintextHash, segmentId } from "../format/Segment.ts"
import { SegmentWriter } from "../format/SegmentWriter.ts"
import { Entropy } from "../platform/Entropy.ts"
import { breathe } from "../platform/EventLoop.ts"
import { SyncTuning } from "./SyncTuning.ts"
import { VaultSession } from "./VaultSession.ts"

/** Operations read from the database at once. */
const BATCH = 5_000

/** A block of operations, encoded but not sealed. */
export interface Block {
  readonly first: number
  readonly last: number
  /** Operations that are not purged. */
  readonly count: number
  readonly plaintext: Uint8Array
}

export interface SealedSegment {
  readonly ref: SegmentRef
  readonly bytes: Uint8Array
}

/** Encodes operations from `first` on: up to `last`, or until a segment is full. */
export const encodeBlock = Effect.fn("Segment.encode")(function* (device: DeviceId, first: number, last: number) {
  const db = yield* HistoryDb
  const { compression, segmentSize } = yield* SyncTuning
  // What is not compressed is sealed at its own size.
  const maxPlaintext = compression ? CUT_PLAINTEXT : Math.min(CUT_PLAINTEXT, segmentSize)
  const writer = new SegmentWriter(device)
  let count = 0
  let next = first
  while (next <= last && writer.count < CUT_OPERATIONS && writer.plaintextSize < maxPlaintext) {
    const limit = Math.min(BATCH, last - next + 1, CUT_OPERATIONS - writer.count)
    const operations = yield* db.log.read(next, limit)
    if (operations.length === 0) break
    yield* breathe
    for (const operation of operations) {
      writer.add(operation)
      next++
      if (operation.kind !== "purged") count++
      if (writer.plaintextSize >= maxPlaintext) break
    }
  }
  return { first, last: next - 1, count, plaintext: writer.finish() } satisfies Block as Block
})

/** Compresses, seals and names a block. */
export const sealBlock = Effect.fn("Segment.seal")(function* (device: DeviceId, block: Block) {
  const db = yield* HistoryDb
  const entropy = yield* Entropy
  const { keyring } = yield* VaultSession
  const { compression } = yield* SyncTuning
  const id = segmentId(block.plaintext, keyring)
  const bytes = yield* seal(block.plaintext, segmentContext(device, id), keyring, {
    codec: compression ? "brotli" : "none",
    salt: yield* entropy.bytes(SALT_BYTES)
  })
  const ref: SegmentRef = {
    id,
    first: block.first,
    last: block.last,
    count: block.count,
    size: block.plaintext.length,
    sealed: bytes.length,
    sha256: plaintextHash(block.plaintext),
    chain: yield* db.log.chainAt(block.last)
  }
  return { ref, bytes } satisfies SealedSegment as SealedSegment
})

/** Blocks of a run of operations, in order, each as full as a segment may be; one at a time. */
export const blocks = (device: DeviceId, first: number, last: number) =>
  Stream.unfoldEffect(first, (next) =>
    next > last
      ? Effect.succeed(Option.none())
      : Effect.map(encodeBlock(device, next, last), (block) => Option.some([block, block.last + 1] as const))
  )

/** The segments of a run of operations, in order. */
export const sealedRun = (
  device: DeviceId,
  first: number,
  last: number
): Stream.Stream<SealedSegment, SealFailure, SealContext> =>
  Stream.flatMap(blocks(device, first, last), (block) => sealWithinSize(device, block))

/** Seals a block; where the result is over HX_SYNC_SEGMENT_SIZE, equal parts of it instead, as many as should fit. */
export const sealWithinSize = (
  device: DeviceId,
  block: Block
): Stream.Stream<SealedSegment, SealFailure, SealContext> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const { segmentSize } = yield* SyncTuning
      const sealed = yield* sealBlock(device, block)
      const operations = block.last - block.first + 1
      if (sealed.bytes.length <= segmentSize || operations === 1) return Stream.succeed(sealed)
      const parts = Math.min(operations, Math.max(2, Math.ceil((sealed.bytes.length / segmentSize) * PART_MARGIN)))
      return Stream.flatMap(Stream.range(0, parts - 1), (part) =>
        sealedRun(
          device,
          block.first + Math.floor((part * operations) / parts),
          block.first + Math.floor(((part + 1) * operations) / parts) - 1
        )
      )
    })
  )

/** Parts compress less well than the whole, and not all alike: so much more of them than the sizes alone ask for. */
const PART_MARGIN = 1.2

type SealFailure = Effect.Effect.Error<ReturnType<typeof sealBlock> | ReturnType<typeof encodeBlock>>
type SealContext = Effect.Effect.Context<ReturnType<typeof sealBlock> | ReturnType<typeof encodeBlock>>
