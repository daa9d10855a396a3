/**
 * Making segments durable. A segment's name says what it holds, so a repeated upload is harmless and one that arrived before is not sent again.
 *
 * Every segment is noted in the intent before it is sent, and so is the id of a multipart upload before its first part: what a killed run left
 * behind is found again, used where it fits and removed where it does not.
 */

import { Chunk, Effect, Stream } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { DeviceId } from "../domain/Device.ts"
import { Always, Create, type PutCondition, UNHEARD_UPLOAD } from "../store/ObjectStore.ts"
import { isAmbiguous, type StoreError } from "../store/StoreError.ts"
import { segmentName, segmentsOf } from "./ObjectNames.ts"
import type { SealedSegment } from "./SegmentBuild.ts"
import * as SyncState from "./SyncState.ts"
import { SyncTuning } from "./SyncTuning.ts"
import { VaultSession } from "./VaultSession.ts"

/** Objects known to stand in the store: name to size in bytes. */
export type Durable = ReadonlyMap<string, number>

/** The size of no object: what stands there is not what its name says, and is written over. */
export const DAMAGED = -1

/** What stands under this device's segments: one LIST per 1,000. Only a run that resumes or is forced needs to ask. */
export const listDurable = (device: DeviceId) =>
  Effect.gen(function* () {
    const { store } = yield* VaultSession
    const listed = yield* Stream.runCollect(store.list(segmentsOf(device)))
    return new Map(Chunk.toReadonlyArray(listed).map((info) => [info.name, info.size])) as Durable
  })

/** Whether a segment is known to stand in the store, whole. */
export const isDurable = (device: DeviceId, { bytes, ref }: SealedSegment, durable: Durable): boolean =>
  durable.get(segmentName(device, ref.id)) === bytes.length

/** Uploads one segment: one PUT, or a multipart upload above HX_SYNC_PART_SIZE. `onProgress` hears how many of its bytes have arrived. */
export const uploadSegment = Effect.fn("Segment.upload")(function* (
  device: DeviceId,
  segment: SealedSegment,
  durable: Durable,
  intentNonce: string,
  onProgress: (sent: number) => void
) {
  const { store } = yield* VaultSession
  const { partSize } = yield* SyncTuning
  const name = segmentName(device, segment.ref.id)
  const inParts = segment.bytes.length > partSize
  const condition = store.capabilities.createOnly && !inParts && !durable.has(name) ? Create : Always
  const context = yield* Effect.context<Effect.Effect.Context<ReturnType<typeof noteUpload>>>()
  const send = (chosen: PutCondition) =>
    store.put(name, segment.bytes, {
      condition: chosen,
      onMultipart: (uploadId) => Effect.provide(Effect.orDie(noteUpload(intentNonce, name, uploadId)), context),
      onProgress
    })
  yield* send(condition).pipe(
    Effect.catchIf(
      // Of what was damaged the size tells nothing.
      (error) => durable.get(name) !== DAMAGED && (error.reason === "AlreadyExists" || isAmbiguous(error.reason)),
      (error) => settleExisting(name, segment, error, send(Always))
    )
  )
  onProgress(segment.bytes.length)
})

/**
 * The store says that it exists already, or the answer was lost. Only its size can be compared cheaply: the same size is the same segment; another
 * size (sealed with other settings, or half lost) is written over with the same content; nothing there means that the write did not arrive.
 */
const settleExisting = Effect.fnUntraced(function* <A, R>(
  name: string,
  segment: SealedSegment,
  error: StoreError,
  overwrite: Effect.Effect<A, StoreError, R>
) {
  const { store } = yield* VaultSession
  const listed = yield* Stream.runCollect(store.list(name))
  const size = Chunk.toReadonlyArray(listed).find((info) => info.name === name)?.size
  if (size === undefined) return yield* error
  if (size !== segment.bytes.length) yield* overwrite
})

/** Notes in the intent that a multipart upload is about to begin (UNHEARD_UPLOAD), under which id it did, or (null) that it is over. */
const noteUpload = (nonce: string, name: string, uploadId: string | null) =>
  updateIntent(nonce, (intent) => {
    const kept = intent.uploads.filter((upload) => upload.name !== name || (uploadId !== null && isHeard(upload)))
    return { ...intent, uploads: uploadId === null ? kept : [...kept, { name, uploadId }] }
  })

const isHeard = ({ uploadId }: SyncState.Intent["uploads"][number]): boolean => uploadId !== UNHEARD_UPLOAD

/** Changes one intent in place, in a transaction: several uploads do so at once. */
export const updateIntent = (nonce: string, change: (intent: SyncState.Intent) => SyncState.Intent) =>
  Effect.flatMap(HistoryDb, (db) =>
    db.transaction(
      Effect.flatMap(SyncState.intentsOrNone, (intents) =>
        SyncState.putIntents(intents.map((intent) => (intent.nonce === nonce ? change(intent) : intent)))
      )
    )
  )

/**
 * Aborts the multipart uploads that killed runs left: their parts would be billed for ever. One that cannot be aborted (that takes a permission of its
 * own) stays noted, and is no reason not to publish.
 */
export const abortLeftUploads = Effect.gen(function* () {
  const { store } = yield* VaultSession
  for (const intent of yield* SyncState.intentsOrNone) {
    for (const { name, uploadId } of intent.uploads) {
      yield* store.abortMultipart(name, uploadId).pipe(
        Effect.zipRight(
          updateIntent(intent.nonce, (each) => ({
            ...each,
            uploads: each.uploads.filter((upload) => upload.name !== name || upload.uploadId !== uploadId)
          }))
        ),
        Effect.catchTag("StoreError", (error) => Effect.logWarning(`An unfinished upload was left: ${error.message}`))
      )
    }
  }
})
