/** The lists of `hx stats`: how many, what share, a bar, and what; one line each, in a given number of cells. */

import type { Tally } from "../../../db/HistoryQueries.ts"
import type { Entry } from "../../../domain/Entry.ts"
import type { Ranked } from "../../../history/Ranking.ts"
import type { Failures } from "../../../history/Stats.ts"
import { bar } from "../../Blocks.ts"
import { printable, truncate, truncateStart } from "../../Printable.ts"
import { countText, durationText, momentText } from "../../Units.ts"
import { cellsOf } from "../../Wrapping.ts"

type Lines = ReadonlyArray<string>

export const rankedLines = (ranked: ReadonlyArray<Ranked>, all: number, cells: number): Lines =>
  lines(
    ranked.map(({ count, value }) => ({ count, whole: all, text: printable(value) })),
    cells,
    truncate
  )

export const tallyLines = (tally: Tally, all: number, cells: number): Lines =>
  lines(
    tally.map(([value, count]) => ({ count, whole: all, text: value === null ? "unknown" : printable(value) })),
    cells,
    truncate
  )

/** The end of a path says more than its beginning. `home` is shortened to ~. */
export const directoryLines = (tally: Tally, all: number, home: string, cells: number): Lines =>
  lines(
    tally.map(([value, count]) => ({ count, whole: all, text: printable(shortened(value ?? "", home)) })),
    cells,
    truncateStart
  )

const shortened = (path: string, home: string): string =>
  path === home || path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path

export const failureLines = (failures: ReadonlyArray<Failures>, cells: number): Lines =>
  lines(
    failures.map(({ count, finished, value }) => ({ count, whole: finished, text: printable(value) })),
    cells,
    truncate
  )

/** How long, on which day, what. */
export const longestLines = (entries: ReadonlyArray<Entry>, cells: number): Lines => {
  const durations = entries.map(({ duration }) => durationText(duration ?? 0))
  const width = widest(durations)
  return entries.map(({ command, start }, index) => {
    const day = start === null ? "" : momentText(start).slice(0, DAY)
    const head = `${durations[index]!.padStart(width)}  ${cells < NARROW ? "" : `${day.padEnd(DAY)}  `}`
    return head + truncate(printable(command), cells - head.length)
  })
}

const DAY = "2026-11-30".length

interface Row {
  readonly count: number
  /** What the share is of. */
  readonly whole: number
  readonly text: string
}

/** Of fewer cells there is none to spare for bars. */
const NARROW = 48

const lines = (rows: ReadonlyArray<Row>, cells: number, cut: (text: string, cells: number) => string): Lines => {
  const most = Math.max(0, ...rows.map(({ count }) => count))
  const width = widest(rows.map(({ count }) => countText(count)))
  const barCells = cells < NARROW ? 0 : Math.min(20, Math.floor(cells / 5))
  return rows.map(({ count, text, whole }) => {
    const share = percent(count, whole)
    const picture = barCells === 0 ? "" : `${bar(count, most, barCells).padEnd(barCells)}  `
    const head = `${countText(count).padStart(width)}  ${share.padStart(4)}  ${picture}`
    return (head + cut(text, cells - head.length)).trimEnd()
  })
}

export const percent = (part: number, whole: number): string => {
  const share = (100 * part) / Math.max(1, whole)
  return part > 0 && share < 1 ? "<1%" : `${Math.round(share)}%`
}

const widest = (texts: ReadonlyArray<string>): number => Math.max(0, ...texts.map(cellsOf))
