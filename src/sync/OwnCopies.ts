/**
 * Copies of this device's own manifest that a file synchroniser left beside it ("<id>.sync-conflict-….hxm"). They are read as one more log (Pull.ts) and
 * are nobody's to write; but what was forgotten has to go from them too. So where forgetting is made good in the store, a copy that still holds something
 * forgotten is deleted, if it tells nothing else that this device's own log does not tell. Any other may be another installation's, and is kept and told.
 *
 * The store is asked only where a pull has met such a copy: one LIST, one GET a copy, one LIST more where one has to go.
 */

import { Chunk, Effect, Option, Stream } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { DeviceId } from "../domain/Device.ts"
import { merge, MERGED_FIELDS } from "../domain/Entry.ts"
import type { Operation } from "../domain/Operation.ts"
import { type Manifest, tailFirst } from "../format/Manifest.ts"
import { SegmentError } from "../format/Segment.ts"
import { boundariesOf } from "./LogPlan.ts"
import { fetchManifest } from "./ManifestFetch.ts"
import { MANIFESTS, parseManifestName, segmentName } from "./ObjectNames.ts"
import { readOperations } from "./SegmentFetch.ts"
import { listDurable } from "./SegmentUpload.ts"
import { purgedStillHeld } from "./StillHeld.ts"
import * as SyncState from "./SyncState.ts"
import { VaultSession } from "./VaultSession.ts"

/** Deletes those that may go; gives their number. */
export const removeForgottenCopies = Effect.fn("OwnCopies.remove")(function* (device: DeviceId) {
  const { store } = yield* VaultSession
  const known = yield* SyncState.allPeers
  if (![...known.values()].some(({ copy }) => copy)) return 0
  const listed = yield* Stream.runCollect(store.list(`${MANIFESTS}${device}`))
  let deleted = 0
  for (const { name } of Chunk.toReadonlyArray(listed)) {
    const parsed = parseManifestName(name)
    if (parsed === null || !parsed.isCopy) continue
    const fetched = yield* fetchManifest(name, device)
    if (fetched._tag !== "Found" || !(yield* holdsForgotten(fetched.manifest))) continue
    if (yield* tellsMore(fetched.manifest)) {
      yield* Effect.logWarning(`${name}, a copy of this device's manifest, ${KEPT}`)
      continue
    }
    yield* store.delete(name)
    yield* Effect.flatMap(HistoryDb, ({ peers }) => peers.restart(parsed.log))
    deleted++
  }
  return deleted
})

const KEPT = "holds what was forgotten, and other things that this device has not published: it was kept"

/** Whether a manifest of this device holds what has been forgotten; of what cannot be read nothing is known. */
export const holdsForgotten = (manifest: Manifest) =>
  purgedStillHeld(manifest).pipe(
    Effect.map((numbers) => numbers.length > 0),
    Effect.catchTag("SegmentError", () => Effect.succeed(false))
  )

/** Whether anything would be lost with it that this device's log does not say. */
const tellsMore = Effect.fnUntraced(function* (manifest: Manifest) {
  const db = yield* HistoryDb
  const published = Option.getOrNull(yield* SyncState.publication.get)
  if (published === null || manifest.last > published.last) return true
  for (const { at, chain } of boundariesOf(manifest)) if ((yield* db.log.chainAt(at)) !== chain) return true
  const ours = new Set<string>([
    ...published.segments.map(({ id }) => segmentName(manifest.device, id)),
    ...(yield* SyncState.debtsOrNone).map(({ name }) => name)
  ])
  const inStore = yield* listDurable(manifest.device)
  const names = manifest.segments.map(({ id }) => segmentName(manifest.device, id))
  // A segment that is no more tells nothing; one that this device does not know may tell other things of the same entries.
  if (names.some((name) => inStore.has(name) && !ours.has(name))) return true
  return yield* tailTellsMore(manifest)
})

const tailTellsMore = Effect.fnUntraced(
  function* (manifest: Manifest) {
    const db = yield* HistoryDb
    const first = tailFirst(manifest)
    const own = yield* db.log.read(first, manifest.last - first + 1)
    const theirs = yield* readOperations(manifest.tail, manifest.device)
    return yield* Effect.try({
      try: () => {
        let index = 0
        for (const operation of theirs) if (saysMore(own[index++], operation)) return true
        return false
      },
      catch: (cause) =>
        cause instanceof SegmentError ? cause : new SegmentError({ reason: "Malformed", detail: String(cause) })
    })
  },
  Effect.catchTag("SegmentError", () => Effect.succeed(true))
)

/** The running hash has shown that both are about the same; what they tell of an entry may differ. */
const saysMore = (own: Operation | undefined, theirs: Operation): boolean => {
  if (own?.kind !== "add" || theirs.kind !== "add") return false
  const joined = merge(own.entry, theirs.entry)
  return MERGED_FIELDS.some((field) => joined[field] !== own.entry[field])
}
