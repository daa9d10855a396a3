/**
 * The ids of imported entries, counted within one source.
 *
 * Equal commands of one second get the ordinals 0, 1, …; so do equal commands without a time. What is counted has to be a function of what the
 * file holds up to there, so that the same file, or the file grown since, gives the same ids:
 *
 * - Dated entries are counted within a run of entries with the same start. Files are sorted by time or nearly so; an equal pair further away is
 *   not a second run of the command but a second copy of the line (a file appended to itself, a merged backup), and gets the same id.
 * - Undated entries are counted through the whole source.
 *
 * Memory is bounded: beyond LIMIT different commands counting starts afresh, from 0. Repeats counted before and after then become one entry;
 * nothing is ever doubled. Counted are 52 bits of the id, so one false repeat is to be expected in some thousand sources of that size.
 */

import { type EntryId, importedId } from "../../domain/EntryId.ts"

export interface ImportedId {
  readonly id: EntryId
  readonly ordinal: number
}

/** About 50 bytes each. */
const LIMIT = 1_000_000

export const makeOrdinals = (limit = LIMIT): ((start: number | null, command: string) => ImportedId) => {
  const undated = new Map<number, number>()
  const run = new Map<number, number>()
  let runStart: number | null = null

  return (start, command) => {
    if (start !== null && start !== runStart) {
      runStart = start
      if (run.size > 0) run.clear()
    }
    const first = importedId(start, command, 0)
    const ordinal = count(start === null ? undated : run, Number.parseInt(first.slice(0, 13), 16), limit)
    return { id: ordinal === 0 ? first : importedId(start, command, ordinal), ordinal }
  }
}

const count = (counts: Map<number, number>, key: number, limit: number): number => {
  const seen = counts.get(key) ?? 0
  if (seen === 0 && counts.size >= limit) counts.clear()
  counts.set(key, seen + 1)
  return seen
}
