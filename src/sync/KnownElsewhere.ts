/**
 * Which of our operations another installation's log under our id has too. An identity says which entry an `add` adds, but not what it tells of it:
 * two installations may have read the same history file, one of them with durations. So bodies are compared; where one differs, or what the other
 * log says cannot be read, the operation counts as ours alone. Telling a thing twice does no harm.
 */

import { Effect } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { DeviceId } from "../domain/Device.ts"
import { type Entry, MERGED_FIELDS } from "../domain/Entry.ts"
import { digest } from "../domain/EntryId.ts"
import { identityOf, type Operation } from "../domain/Operation.ts"
import type { Manifest, SegmentRef } from "../format/Manifest.ts"
import { SegmentError } from "../format/Segment.ts"
import { downloadSegment, openSegment, readOperations } from "./SegmentFetch.ts"

/** Operations read from the database at once. */
const BATCH = 5_000

/** Numbers of our operations after `common` that the manifest's log has, with all that they say; and those that are forgotten there. */
export const knownElsewhere = Effect.fn("KnownElsewhere.numbers")(function* (manifest: Manifest, common: number) {
  const db = yield* HistoryDb
  const elsewhere = yield* sayings(manifest, common)
  const known = new Set<number>()
  const end = yield* db.log.end
  for (let first = common + 1; first <= end; first += BATCH) {
    const operations = yield* db.log.read(first, Math.min(BATCH, end - first + 1))
    operations.forEach((operation, index) => {
      if (elsewhere.has(identityOf(operation)) || elsewhere.has(saying(operation))) known.add(first + index)
    })
  }
  return known as ReadonlySet<number>
})

/** What a log says after number `common`; of what is purged there, the identity alone. */
const sayings = Effect.fnUntraced(function* (manifest: Manifest, common: number) {
  const { device, segments, tail } = manifest
  const all = new Set<string>()
  for (const segment of segments)
    if (segment.last > common) yield* unlessUnreadable(segmentSayings(device, segment, all))
  yield* unlessUnreadable(Effect.flatMap(readOperations(tail, device), (operations) => collect(operations, all)))
  return all as ReadonlySet<string>
})

const segmentSayings = Effect.fnUntraced(function* (device: DeviceId, segment: SegmentRef, into: Set<string>) {
  yield* collect(yield* openSegment(device, segment, yield* downloadSegment(device, segment)), into)
})

const collect = (operations: Iterable<Operation>, into: Set<string>) =>
  Effect.try({
    try: () => {
      for (const operation of operations) into.add(saying(operation))
    },
    catch: (cause) =>
      cause instanceof SegmentError ? cause : new SegmentError({ reason: "Malformed", detail: String(cause) })
  })

const saying = (operation: Operation): string =>
  operation.kind === "add" ? `${operation.entry.id} ${bodyDigest(operation.entry)}` : identityOf(operation)

const bodyDigest = (entry: Entry): string => digest(JSON.stringify(MERGED_FIELDS.map((field) => entry[field])))

/** What is damaged, gone or in an archive says nothing; a store that does not answer is asked again by the next run. */
const unlessUnreadable = <A, E extends { readonly _tag: string; readonly reason?: string }, R>(
  effect: Effect.Effect<A, E, R>
) =>
  Effect.catchIf(
    effect,
    (error) => error._tag !== "StoreError" || UNREADABLE.has(error.reason ?? ""),
    (error) => Effect.logDebug(`Not read: ${error._tag}`)
  )

const UNREADABLE: ReadonlySet<string> = new Set(["Absent", "Archived", "TooLarge"])
