/**
 * Brings the history from the database into the engine: the newest runs first, for what is on the screen at once, then all others a slice at a time.
 * In the order in which they were taken in, because rows lie so in the file; twice as fast as by time.
 */

import type { RunRow, SearchSource } from "../../db/SearchSource.ts"
import type { SearchEngine } from "./SearchEngine.ts"

/** Runs that are there before anything is shown. */
export const FIRST_RUNS = 500

export class Loader {
  private readonly source: SearchSource
  private readonly engine: SearchEngine
  /** The oldest run of the first ones: what is not older is there already. */
  private boundary: RunRow | undefined
  private next = Number.MAX_SAFE_INTEGER
  private newest = 0
  /** Runs that were there before their turn, by row number. */
  private readonly ahead = new Set<number>()
  done = false

  constructor(source: SearchSource, engine: SearchEngine) {
    this.source = source
    this.engine = engine
  }

  first(): void {
    const rows = this.source.newest(FIRST_RUNS)
    this.add(rows)
    this.boundary = rows.at(-1)
    this.done = rows.length < FIRST_RUNS
  }

  /** Some more of them, for about so many rows. */
  more(limit: number): void {
    if (this.done) return
    const rows = this.source.before(this.next, limit)
    this.add(rows.filter((row) => this.isOlder(row) && !this.ahead.has(row[0])))
    this.next = rows.at(-1)?.[0] ?? 0
    this.done = rows.length < limit
  }

  /**
   * Brings commands with these words before their turn, where they are few: what is rare is found at once, however old it is. Gives whether there were any.
   * Only commands of which no run is here yet, so that each run counts once.
   */
  fetch(words: ReadonlyArray<string>): boolean {
    if (this.done) return false
    const found = this.source.holding(words, FEW_COMMANDS) ?? []
    const unknown = found.filter((command) => !this.engine.has(command))
    if (unknown.length === 0) return false
    const rows = this.source.runsOf(unknown, FEW_RUNS)
    // Were some left out, they could not be told from those that are here.
    if (rows.length === FEW_RUNS) return false
    for (const row of rows) this.ahead.add(row[0])
    this.add(rows)
    return rows.length > 0
  }

  /** What was recorded meanwhile; gives how many runs that was. */
  recent(): number {
    // Which row was the last when it began is known once the others are being read.
    if (this.next === Number.MAX_SAFE_INTEGER) this.more(FIRST_RUNS)
    const rows = this.source.after(this.newest, RECENT)
    this.add(rows)
    return rows.length
  }

  private add(rows: ReadonlyArray<RunRow>): void {
    const unknown = new Set<number>()
    for (const [, command] of rows) if (!this.engine.has(command)) unknown.add(command)
    if (unknown.size > 0) {
      const texts = new Map(this.source.texts(Array.from(unknown)))
      // In the order of the runs: what ran last is looked at first.
      for (const command of unknown) this.engine.addCommand(command, texts.get(command) ?? "")
    }
    for (const row of rows) {
      if (row[0] > this.newest) this.newest = row[0]
      this.engine.addRun(row)
    }
  }

  private isOlder(row: RunRow): boolean {
    const { boundary } = this
    if (boundary === undefined) return true
    const [start, other] = [row[6] ?? -1, boundary[6] ?? -1]
    return start < other || (start === other && row[0] < boundary[0])
  }
}

const RECENT = 10_000
const FEW_COMMANDS = 300
const FEW_RUNS = 3_000
