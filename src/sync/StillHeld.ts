/**
 * Which forgotten entries a manifest of ours still holds. After a reset, or back in a store that we had left, nothing remembers what was rewritten
 * there: the manifest itself tells, since it counts the operations of each segment that are not purged.
 */

import { Effect } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import { type Manifest, tailFirst } from "../format/Manifest.ts"
import { SegmentError } from "../format/Segment.ts"
import { readOperations } from "./SegmentFetch.ts"

/** Numbers of our purged operations that the manifest, or a segment it names, holds in full; of such a segment all of them. */
export const purgedStillHeld = Effect.fn("StillHeld.purged")(function* (manifest: Manifest) {
  const db = yield* HistoryDb
  const purged = (yield* db.log.everPurged).filter((number) => number <= manifest.last)
  if (purged.length === 0) return []
  const inSegments = manifest.segments.flatMap(({ count, first, last }) => {
    const within = purged.filter((number) => first <= number && number <= last)
    return count + within.length === last - first + 1 ? [] : within
  })
  const inFull = yield* tailNumbers(manifest)
  return [...inSegments, ...purged.filter((number) => inFull.has(number))]
})

/** Numbers of the operations of the inline tail that are not purged. */
const tailNumbers = Effect.fnUntraced(function* (manifest: Manifest) {
  const operations = yield* readOperations(manifest.tail, manifest.device)
  return yield* Effect.try({
    try: () => {
      const numbers = new Set<number>()
      let number = tailFirst(manifest)
      for (const operation of operations) {
        if (operation.kind !== "purged") numbers.add(number)
        number++
      }
      return numbers as ReadonlySet<number>
    },
    catch: (cause) =>
      cause instanceof SegmentError ? cause : new SegmentError({ reason: "Malformed", detail: String(cause) })
  })
})
