/**
 * A forget rule says which entries are gone, for good and everywhere. History is the union of all entries minus what any rule covers.
 *
 * A rule covers an entry when it names its id; names its twin key (Twin.ts); or when the entry started inside one of its windows and was
 * captured by the window's device (any device, where the window names none). Several devices may have captured one entry (two of them
 * imported the same file): then it is covered as soon as one of these captures is. So coverage only ever grows with what is known, and the
 * order of arrival does not matter.
 */

import type { DeviceId } from "./Device.ts"
import { type Entry, isLive } from "./Entry.ts"
import type { EntryId } from "./EntryId.ts"
import type { TwinKey } from "./Twin.ts"

export interface ForgetRule {
  readonly ids: ReadonlyArray<EntryId>
  readonly twins: ReadonlyArray<TwinKey>
  readonly windows: ReadonlyArray<ForgetWindow>
}

/** Both ends are included, in µs since 1970 UTC; a window is closed when it is issued: it never reaches into the future. */
export interface ForgetWindow {
  readonly from: number
  readonly to: number
  /** Whose captures it covers; null for every device's. */
  readonly device: DeviceId | null
}

/** Imported starts are whole seconds, so a window reaches this much further (µs) at both ends for imported entries. */
export const IMPORTED_SLACK = 1_000_000

export const windowCovers = (window: ForgetWindow, entry: Pick<Entry, "start" | "origin" | "device">): boolean => {
  if (entry.start === null) return false
  if (window.device !== null && window.device !== entry.device) return false
  const slack = isLive(entry) ? 0 : IMPORTED_SLACK
  return entry.start >= window.from - slack && entry.start <= window.to + slack
}

/** Ids in one rule: a rule is one operation of the log, which is held in memory as a whole and has to fit into a segment. */
export const RULE_IDS = 5_000

/** Twin keys in one rule: a live entry has three. */
const RULE_TWINS = 3 * RULE_IDS

/** The same said by as many rules as it takes. */
export const smallRules = ({ ids, twins, windows }: ForgetRule): ReadonlyArray<ForgetRule> => {
  const count = Math.max(
    Math.ceil(ids.length / RULE_IDS),
    Math.ceil(twins.length / RULE_TWINS),
    Math.ceil(windows.length / RULE_IDS)
  )
  const part = <A>(all: ReadonlyArray<A>, size: number, at: number) => all.slice(at * size, (at + 1) * size)
  return Array.from({ length: count }, (_, at) => ({
    ids: part(ids, RULE_IDS, at),
    twins: part(twins, RULE_TWINS, at),
    windows: part(windows, RULE_IDS, at)
  }))
}

/** More entries than these are many; so is more than this part of the history, where that is as many as LEAST at all. */
const MANY = 1_000
const PART = 0.1
const LEAST = 100

/** Whether removing so many entries is worth a second thought here, and a word where another device's rule did it. `all`: those there were before. */
export const isMany = (entries: number, all: number): boolean =>
  entries > MANY || (entries >= LEAST && entries > PART * all)
