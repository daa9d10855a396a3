/**
 * Which published segments stay, and which runs of operations are written anew. Pure.
 *
 * - A segment that holds a purged operation is rewritten, with the same bounds: forgetting is physical. So is one that the store lost.
 * - Small neighbours are merged as they pile up, as a log-structured merge tree does: a segment's level is the power of FAN_IN by which it
 *   outgrows the smallest one; FAN_IN neighbours of a level, with smaller ones between them, become one of a higher level.
 *
 * Bounds, which test/sync/Compaction.test.ts holds against years of small pushes (three levels: below 512 KiB of plaintext, 4 MiB, full size):
 *  1. A manifest names at most 3 · (FAN_IN - 1) = 21 segments that are not full. Beside them the store holds what merges of the last hour replaced.
 *  2. A byte is sent in a segment at most 3 times: when its tail is sealed, and when it gets to each of the two higher levels.
 *  3. Every segment costs one PUT, and one DELETE at most; every push one PUT for its manifest, whose tail is below 64 KiB, compressed.
 */

import { CUT_OPERATIONS, CUT_PLAINTEXT } from "../format/Segment.ts"
import type { SyncTuningService } from "./SyncTuning.ts"

export interface SegmentExtent {
  readonly first: number
  readonly last: number
  /** Plaintext bytes. */
  readonly size: number
  /** Bytes in the store. */
  readonly sealed: number
}

export type Step<S extends SegmentExtent> =
  | { readonly _tag: "Keep"; readonly segment: S }
  | {
      readonly _tag: "Build"
      readonly first: number
      readonly last: number
      /** What it replaces. */
      readonly replaced: ReadonlyArray<S>
      /** Whether a replaced one holds what must be gone: then it is deleted at once. */
      readonly purges: boolean
    }

export interface SegmentLimits {
  readonly maxOperations: number
  /** Plaintext bytes. */
  readonly maxPlaintext: number
  /** Bytes in the store: neighbours of more would only be cut apart again, at every push. */
  readonly maxSealed: number
  /** Plaintext bytes below which a segment is of the lowest level. */
  readonly lowest: number
}

/** At which a segment is full, whichever comes first; `segmentSize` is what the user has set. */
export const segmentLimits = ({ lowestLevel, segmentSize }: SyncTuningService): SegmentLimits => ({
  maxOperations: CUT_OPERATIONS,
  maxPlaintext: CUT_PLAINTEXT,
  maxSealed: segmentSize,
  lowest: lowestLevel
})

export const FAN_IN = 8

/** Why a published segment cannot stay as it is. */
export type Rewrite = "no" | "purged" | "missing"

export const planSegments = <S extends SegmentExtent>(
  segments: ReadonlyArray<S>,
  rewrite: (segment: S) => Rewrite,
  limits: SegmentLimits
): ReadonlyArray<Step<S>> => {
  let runs: ReadonlyArray<Run<S>> = segments.map((segment) => {
    const why = rewrite(segment)
    return {
      first: segment.first,
      last: segment.last,
      size: segment.size,
      sealed: segment.sealed,
      parts: [segment],
      stale: why !== "no",
      purges: why === "purged"
    }
  })
  const top = runs.reduce((highest, run) => Math.max(highest, levelOf(run, limits)), 0)
  for (let level = 0; level <= top; level++) runs = mergeLevel(runs, level, limits)
  return runs.map((run): Step<S> => {
    const only = run.parts.length === 1 ? run.parts[0] : undefined
    return only !== undefined && !run.stale
      ? { _tag: "Keep", segment: only }
      : { _tag: "Build", first: run.first, last: run.last, replaced: run.parts, purges: run.purges }
  })
}

interface Run<S> extends SegmentExtent {
  readonly parts: ReadonlyArray<S>
  readonly stale: boolean
  readonly purges: boolean
}

const levelOf = ({ size }: SegmentExtent, { lowest }: SegmentLimits): number =>
  size < lowest ? 0 : 1 + Math.floor(Math.log(size / lowest) / Math.log(FAN_IN))

const mergeLevel = <S>(runs: ReadonlyArray<Run<S>>, level: number, limits: SegmentLimits): ReadonlyArray<Run<S>> => {
  const merged: Array<Run<S>> = []
  let group: Array<Run<S>> = []
  const close = () => {
    const full = group.filter((run) => levelOf(run, limits) === level).length >= FAN_IN
    // Smaller ones that follow wait for company of their own; those in between have to come along.
    const end = full ? group.findLastIndex((run) => levelOf(run, limits) === level) + 1 : 0
    if (full) merged.push(join(group.slice(0, end)))
    merged.push(...group.slice(end))
    group = []
  }
  for (const run of runs) {
    if (levelOf(run, limits) > level) {
      close()
      merged.push(run)
      continue
    }
    if (!fits([...group, run], limits)) close()
    group.push(run)
  }
  close()
  return merged
}

const fits = (group: ReadonlyArray<SegmentExtent>, limits: SegmentLimits): boolean => {
  const operations = (group.at(-1)?.last ?? 0) - (group[0]?.first ?? 1) + 1
  const size = group.reduce((sum, run) => sum + run.size, 0)
  const sealed = group.reduce((sum, run) => sum + run.sealed, 0)
  return operations <= limits.maxOperations && size <= limits.maxPlaintext && sealed <= limits.maxSealed
}

const join = <S>(group: ReadonlyArray<Run<S>>): Run<S> => ({
  first: group[0]?.first ?? 1,
  last: group.at(-1)?.last ?? 0,
  size: group.reduce((sum, run) => sum + run.size, 0),
  sealed: group.reduce((sum, run) => sum + run.sealed, 0),
  parts: group.flatMap((run) => run.parts),
  stale: true,
  purges: group.some((run) => run.purges)
})

/** Whether any of these ascending numbers lies in the extent (binary search). */
export const holdsAny = (numbers: ReadonlyArray<number>, extent: SegmentExtent): boolean => {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((numbers[middle] ?? 0) < extent.first) low = middle + 1
    else high = middle
  }
  return low < numbers.length && (numbers[low] ?? 0) <= extent.last
}
