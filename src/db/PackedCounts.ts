/**
 * Entries on their way to be counted: two numbers each. The first tells the command and how it ended, the second the directory and in which
 * quarter of an hour it began. Both stay below 2^53, where numbers in JSON are exact: there are fewer than 2^28 directories.
 */

import type { Fragment } from "@effect/sql/Statement"
import type { Connection } from "./Connection.ts"

/** µs. */
export const QUARTER = 900_000_000

/** How it ended, as the first number has it. */
const FAILED = 1
const UNKNOWN = 2
const ENDS = 4

/** Added to quarters so that none is negative, whatever moment a safe integer can mean. */
const SHIFT = 10_008_000
const QUARTERS = 2 ** 25
const UNDATED = QUARTERS - 1

/** Both, of entries under the alias `e`, as columns: an array in JSON each. */
export const packedEntry = ({ sql }: Connection): Fragment =>
  sql.literal(`
    json_group_array(e.command * ${ENDS} + ifnull(e.exit <> 0, ${UNKNOWN})),
    json_group_array(ifnull(e.cwd, 0) * ${QUARTERS} + ifnull((e.start + ${SHIFT * QUARTER}) / ${QUARTER}, ${UNDATED}))`)

/** What was counted so far, by numbers of the dictionaries. */
export class Numbers {
  readonly directories = new Map<number, number>()
  readonly quarters = new Map<number, number>()
  entries = 0
  private undated = 0
  private runs = new Int32Array(1024)
  private finished = new Int32Array(1024)
  private failed = new Int32Array(1024)
  private recent = new Int32Array(1024)
  private readonly recentFrom: number

  /** `recentFrom`: the quarter since 1970 with which it begins to be recent. */
  constructor(recentFrom: number) {
    this.recentFrom = recentFrom + SHIFT
  }

  add(commands: ReadonlyArray<number>, moments: ReadonlyArray<number>): void {
    this.entries += commands.length
    // Neighbours are alike: what goes on is counted up to where it ends.
    let [moment, since] = [-1, 0]
    for (let index = 0; index < commands.length; index++) {
      const ended = commands[index]! % ENDS
      const command = (commands[index]! - ended) / ENDS
      if (command >= this.runs.length) this.grow(command)
      this.runs[command]!++
      if (ended !== UNKNOWN) this.finished[command]!++
      if (ended === FAILED) this.failed[command]!++
      const at = moments[index]! % QUARTERS
      if (at >= this.recentFrom && at !== UNDATED) this.recent[command]!++
      if (moments[index] === moment) continue
      if (index > since) this.addMoment(moment, index - since)
      ;[moment, since] = [moments[index]!, index]
    }
    if (commands.length > since) this.addMoment(moment, commands.length - since)
  }

  get totals() {
    const sum = (counts: Int32Array) => counts.reduce((all, each) => all + each, 0)
    return { entries: this.entries, undated: this.undated, finished: sum(this.finished), failed: sum(this.failed) }
  }

  /** Commands beyond are none. */
  get commands(): number {
    return this.runs.length
  }

  of(command: number) {
    return {
      runs: this.runs[command] ?? 0,
      finished: this.finished[command] ?? 0,
      failed: this.failed[command] ?? 0,
      recent: this.recent[command] ?? 0
    }
  }

  private addMoment(moment: number, count: number): void {
    const at = moment % QUARTERS
    const directory = (moment - at) / QUARTERS
    if (directory > 0) this.directories.set(directory, (this.directories.get(directory) ?? 0) + count)
    if (at === UNDATED) this.undated += count
    else this.quarters.set(at - SHIFT, (this.quarters.get(at - SHIFT) ?? 0) + count)
  }

  private grow(command: number): void {
    const larger = (counts: Int32Array) => {
      const grown = new Int32Array(2 * command)
      grown.set(counts)
      return grown
    }
    this.runs = larger(this.runs)
    this.finished = larger(this.finished)
    this.failed = larger(this.failed)
    this.recent = larger(this.recent)
  }
}
