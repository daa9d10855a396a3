/**
 * What has to be fetched of another device's log, given its manifest. Pure.
 *
 * A segment is fetched when an operation of it has not been applied; or when its end is not a boundary we have passed: then it may hold, within
 * numbers we know, operations we do not (the log was written anew by a forced publication). Where a boundary we have passed carries another
 * running hash, the log is read again from 1. Applying twice is harmless, so in doubt we read.
 */

import type { OperationRange } from "../db/HistoryDb.ts"
import { type Boundary, compareBoundaries } from "./Conflict.ts"

export interface LogDescription<S> {
  readonly last: number
  readonly chain: string
  readonly segments: ReadonlyArray<S>
}

interface SegmentBounds {
  readonly first: number
  readonly last: number
  readonly chain: string
}

export interface LogPlan<S> {
  /** Forget the cursor first: everything is read again. */
  readonly restart: boolean
  readonly segments: ReadonlyArray<S>
  /** Whether the inline tail has anything new. */
  readonly tail: boolean
}

export const planLog = <S extends SegmentBounds>(
  passed: ReadonlyArray<Boundary>,
  applied: ReadonlyArray<OperationRange>,
  manifest: LogDescription<S>
): LogPlan<S> => {
  const restart = compareBoundaries(passed, boundariesOf(manifest))._tag === "Diverge"
  const known = new Set(restart ? [] : passed.map((boundary) => boundary.at))
  const ranges = restart ? [] : applied
  const isNew = (first: number, last: number) => first <= last && !(known.has(last) && covers(ranges, first, last))
  return {
    restart,
    segments: manifest.segments.filter((segment) => isNew(segment.first, segment.last)),
    tail: isNew(tailFirst(manifest), manifest.last)
  }
}

/** Every operation number at which a manifest states the running hash. */
export const boundariesOf = (manifest: LogDescription<SegmentBounds>): ReadonlyArray<Boundary> => {
  const ends = manifest.segments.map((segment) => ({ at: segment.last, chain: segment.chain }))
  return ends.at(-1)?.at === manifest.last ? ends : [...ends, { at: manifest.last, chain: manifest.chain }]
}

/** Whether one of these disjoint, joined ranges holds all of first..last. */
export const covers = (ranges: ReadonlyArray<OperationRange>, first: number, last: number): boolean =>
  ranges.some((range) => range.first <= first && last <= range.last)

/** The segments of a log that were found archived, when they were last tried all. */
export interface KnownArchived {
  /** µs since 1970. */
  readonly at: number
  readonly ids: ReadonlyArray<string>
}

/**
 * Of segments that were found archived a short while ago only the first is tried, the others when that one turns out to be readable: each costs a
 * request, and background runs come often.
 */
export const splitArchived = <S extends { readonly id: string }>(
  segments: ReadonlyArray<S>,
  known: KnownArchived | undefined,
  now: number
): { readonly tried: ReadonlyArray<S>; readonly scout: S | undefined; readonly rest: ReadonlyArray<S> } => {
  const lately = known !== undefined && now >= known.at && now - known.at < TRIED_LATELY
  const archived = new Set(lately ? known.ids : [])
  const [scout, ...rest] = segments.filter(({ id }) => archived.has(id))
  return { tried: segments.filter(({ id }) => !archived.has(id)), scout, rest }
}

/** A quarter of an hour, in µs. */
export const TRIED_LATELY = 15 * 60 * 1_000_000

const tailFirst = (manifest: LogDescription<SegmentBounds>): number => (manifest.segments.at(-1)?.last ?? 0) + 1
