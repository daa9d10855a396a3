/** Reading segments: fetched several at a time, opened and applied one at a time, so that memory stays bounded whatever the history's size. */

import { Data, Effect } from "effect"
import { type Absorbed, HistoryDb } from "../db/HistoryDb.ts"
import type { DeviceId } from "../domain/Device.ts"
import type { Operation } from "../domain/Operation.ts"
import { ENVELOPE_OVERHEAD, open, segmentContext } from "../format/Envelope.ts"
import type { SegmentRef } from "../format/Manifest.ts"
import { plaintextHash, SegmentError } from "../format/Segment.ts"
import { readSegment, type SegmentReader } from "../format/SegmentReader.ts"
import { breathe } from "../platform/EventLoop.ts"
import { addAbsorbed, NOTHING_ABSORBED } from "./AbsorbedSum.ts"
import { segmentName } from "./ObjectNames.ts"
import { VaultSession } from "./VaultSession.ts"

/** Operations handed to the database at once. */
const BATCH = 5_000

/** A segment opens, but is not what its manifest says. */
export class SegmentMismatch extends Data.TaggedError("SegmentMismatch")<{ readonly detail: string }> {
  override get message(): string {
    return this.detail
  }
}

/** The sealed bytes of a segment: one GET. Sealing never makes them more than the plaintext's size and the envelope's, whatever the codec. */
export const downloadSegment = Effect.fn("Segment.download")(function* (
  device: DeviceId,
  segment: SegmentRef,
  onProgress?: (received: number) => void
) {
  const { store } = yield* VaultSession
  return (yield* store.get(segmentName(device, segment.id), segment.size + ENVELOPE_OVERHEAD, onProgress)).bytes
})

/** Authenticates a segment and proves that it is the one its manifest names. */
export const openSegment = Effect.fn("Segment.open")(function* (
  device: DeviceId,
  segment: SegmentRef,
  sealed: Uint8Array
) {
  const { keyring } = yield* VaultSession
  const plaintext = yield* open(sealed, segmentContext(device, segment.id), keyring, { maxPlaintext: segment.size })
  if (plaintext.length !== segment.size || plaintextHash(plaintext) !== segment.sha256) {
    return yield* new SegmentMismatch({ detail: "it is not the one its manifest names" })
  }
  const reader = yield* readOperations(plaintext, device)
  if (reader.total !== segment.last - segment.first + 1) {
    return yield* new SegmentMismatch({ detail: `it holds ${reader.total} operations, not those its manifest names` })
  }
  return reader
})

/** The operations of a segment or an inline tail, to be read lazily. */
export const readOperations = (plaintext: Uint8Array, device: DeviceId): Effect.Effect<SegmentReader, SegmentError> =>
  Effect.try({ try: () => readSegment(plaintext, device), catch: toSegmentError })

/**
 * Applies the operations that this hx can read, in one transaction with the range they cover; `onApplied` hears of each batch. Fewer than
 * `operations.total` mean that the rest needs a newer hx.
 */
export const applyOperations = Effect.fn("Segment.apply")(function* (
  log: DeviceId,
  first: number,
  operations: SegmentReader,
  onApplied: (operations: number) => void
) {
  const db = yield* HistoryDb
  return yield* db.transaction(
    Effect.gen(function* () {
      let absorbed: Absorbed = NOTHING_ABSORBED
      let next = first
      const reader = operations[Symbol.iterator]()
      for (;;) {
        const batch = yield* takeBatch(reader)
        if (batch.length === 0) return absorbed
        absorbed = addAbsorbed(absorbed, yield* db.peers.apply(log, next, batch))
        next += batch.length
        onApplied(batch.length)
        yield* breathe
      }
    })
  )
})

/** The next operations; what the decoder throws becomes a failure, and with it the transaction is undone. */
const takeBatch = (reader: Iterator<Operation>): Effect.Effect<ReadonlyArray<Operation>, SegmentError> =>
  Effect.try({
    try: () => {
      const batch: Array<Operation> = []
      while (batch.length < BATCH) {
        const next = reader.next()
        if (next.done === true) break
        batch.push(next.value)
      }
      return batch
    },
    catch: toSegmentError
  })

const toSegmentError = (cause: unknown): SegmentError =>
  cause instanceof SegmentError ? cause : new SegmentError({ reason: "Malformed", detail: String(cause) })
