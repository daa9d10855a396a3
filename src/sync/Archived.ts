/** What archived objects mean to the user: how many, whose, how long a restore takes and what it costs. Pure, and light: errors tell it too. */

import { type ArchiveClass, RESTORED_DAYS } from "../store/ArchiveClass.ts"
import { COPY_DAY, GIB, RESTORE } from "./ClassPrices.ts"
import type { Problem } from "./SyncError.ts"

export interface ArchiveSummary {
  readonly objects: number
  /** Sealed bytes. */
  readonly bytes: number
  /** Labels, each once. */
  readonly devices: ReadonlyArray<string>
  readonly classes: ReadonlyArray<ArchiveClass>
  /** Of these objects, how many have been asked for, by this device and lately. */
  readonly asked: number
  /** Hours from asking until they can be read: by the standard tier, which hx asks for, and by bulk. */
  readonly hours: readonly [least: number, most: number]
  readonly bulkHours: readonly [least: number, most: number]
  /** US dollars for the restore at list prices, a week of the copies included; not what fetching them costs. */
  readonly dollars: number
}

/** Null where nothing is archived. An object whose class the store did not tell counts as GLACIER. */
export const summariseArchived = (problems: ReadonlyArray<Problem>): ArchiveSummary | null => {
  const archived = problems.flatMap((problem) =>
    problem.kind === "archived" ? [{ device: problem.device, ...(problem.archived ?? UNTOLD) }] : []
  )
  if (archived.length === 0) return null
  const classes = [...new Set(archived.map(classOf))]
  const prices = classes.map((each) => RESTORE[each])
  return {
    objects: archived.length,
    bytes: archived.reduce((sum, { bytes }) => sum + bytes, 0),
    devices: [...new Set(archived.map(({ device }) => device))],
    classes,
    asked: archived.filter(({ asked }) => asked !== null).length,
    hours: spanOf(prices.map(({ hours }) => hours)),
    bulkHours: spanOf(prices.map(({ bulkHours }) => bulkHours)),
    dollars: archived.reduce((sum, each) => sum + dollarsFor(classOf(each), each.bytes), 0)
  }
}

/** "3 to 5 hours", "up to 12 hours". */
export const hoursText = ([least, most]: ArchiveSummary["hours"]): string =>
  least === 0 ? `up to ${most} hours` : `${least} to ${most} hours`

/** "less than a cent", "about $1.24". */
export const dollarsText = (dollars: number): string =>
  dollars < 0.01 ? "less than a cent" : `about $${dollars.toFixed(2)}`

/** What a message says of an archived object. */
export const archivedDetail = (archive: ArchiveClass | undefined): string =>
  `it is archived in ${archive ?? "GLACIER"} and has to be restored before it can be read`

const UNTOLD = { archive: null, bytes: 0, asked: null }

const classOf = ({ archive }: { readonly archive: ArchiveClass | null }): ArchiveClass => archive ?? "GLACIER"

const dollarsFor = (archive: ArchiveClass, bytes: number): number => {
  const { requests, retrieval } = RESTORE[archive]
  // INTELLIGENT_TIERING moves the object itself: there is no copy.
  const copies = retrieval > 0 ? RESTORED_DAYS * COPY_DAY : 0
  return requests / 1000 + (bytes / GIB) * (retrieval + copies)
}

const spanOf = (spans: ReadonlyArray<readonly [number, number]>): readonly [number, number] => [
  Math.min(...spans.map(([least]) => least)),
  Math.max(...spans.map(([, most]) => most))
]
