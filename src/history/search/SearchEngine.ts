/**
 * The history in memory, filtered, matched and ranked a slice at a time, so that whoever types never waits for what they typed before. It is filled
 * while it is being asked: answers are about what has come so far.
 *
 * Commands are folded: each stands once, with how often it ran and when last, of the runs that pass the filter.
 */

import type { RunRow } from "../../db/SearchSource.ts"
import { BestOf } from "./BestOf.ts"
import { CommandTexts } from "./CommandTexts.ts"
import { type Matcher, makeMatcher } from "./Matcher.ts"
import { scoreOf } from "./Ranking.ts"
import { ALL_RUNS, type Folded, type RunFilter, Runs } from "./Runs.ts"
import { narrows, parseSearchQuery, type SearchQuery } from "./SearchQuery.ts"

export interface Hit {
  /** The command's number in the database. */
  readonly command: number
  /** The newest of its runs: row number of the entry, and when it began, µs since 1970. */
  readonly seq: number
  readonly start: number | null
  readonly failed: boolean
  /** How often it ran. */
  readonly count: number
}

export interface Answer {
  /** The best first; of very many the best SHOWN. */
  readonly hits: ReadonlyArray<Hit>
  /** How many commands fit, of what has been looked at. */
  readonly total: number
  /** All that is there has been looked at. */
  readonly complete: boolean
}

/** Nobody looks further down a list than that: they type one more letter. */
export const SHOWN = 1_000

/** With fewer hits than this, commands that hold only the letters are looked for too. */
const FEW = 50

/** Commands looked at between two looks at the clock. */
const STRIDE = 256

export interface EngineOptions {
  /** The working directory's number in the dictionary; 0 where nothing ever ran in it. */
  readonly here: number
  /** µs since 1970. */
  readonly now: number
  /** Best first, or strictly newest first. */
  readonly order: "ranked" | "newest"
}

export class SearchEngine {
  private readonly options: EngineOptions
  private readonly texts = new CommandTexts()
  private readonly runs = new Runs()
  /** From numbers of the database to ours, plus 1; and back. */
  private numbers = new Uint32Array(1 << 12)
  private ids = new Float64Array(1 << 12)
  private here = new Uint8Array(1 << 12)
  /** Of all runs, whatever the filter: it is what people come back to. */
  private all = nothingFolded(1 << 12)
  private allTo = 0
  /** Of those that pass the filter. */
  private folded = this.all
  private foldedTo = 0
  private markedTo = 0
  private filter = ALL_RUNS
  private query: SearchQuery = parseSearchQuery("")
  private pass: Pass
  /** The last pass that looked at everything, for answers meanwhile and for narrower queries. */
  private whole: Pass | null = null

  constructor(options: EngineOptions) {
    this.options = options
    this.pass = this.newPass(null)
  }

  /** Commands, each different. */
  get commands(): number {
    return this.texts.size
  }

  has(command: number): boolean {
    return command < this.numbers.length && this.numbers[command] !== 0
  }

  addCommand(id: number, text: string): void {
    const number = this.texts.add(text)
    if (id >= this.numbers.length) this.numbers = copied(this.numbers, new Uint32Array(powerAbove(id)))
    this.numbers[id] = number + 1
    if (number >= this.ids.length) {
      const room = this.ids.length * 2
      this.ids = copied(this.ids, new Float64Array(room))
      this.here = copied(this.here, new Uint8Array(room))
      const unfiltered = this.folded === this.all
      this.all = roomier(this.all, room)
      this.folded = unfiltered ? this.all : roomier(this.folded, room)
    }
    this.ids[number] = id
  }

  /** A run of a command that was added. */
  addRun(row: RunRow): void {
    this.runs.add(row, this.numbers[row[1]]! - 1)
  }

  /** Takes in what was added since the last time: the next answers are about it too. */
  refresh(): void {
    this.fold()
    const passed = this.pass.complete ? this.pass : this.whole
    this.pass = this.newPass(null)
    // What was found before stands until there is better.
    this.whole = passed
  }

  setFilter(filter: RunFilter): void {
    this.filter = filter
    this.folded = filter === ALL_RUNS ? this.all : nothingFolded(this.ids.length)
    this.foldedTo = 0
    this.fold()
    this.whole = null
    this.pass = this.newPass(null)
  }

  setQuery(query: SearchQuery): void {
    const known = this.pass.complete && this.pass.to === this.texts.size ? this.pass : null
    const among = known !== null && narrows(this.query, query) ? known.fitting : null
    this.query = query
    this.whole = null
    this.pass = this.newPass(among)
  }

  /** Goes on until the answer is complete, or `late` says that somebody waits. Gives whether it is complete. */
  work(late: () => boolean): boolean {
    const { pass } = this
    if (pass.complete) return true
    while (!pass.looked) {
      this.lookFurther(pass)
      if (late()) return false
    }
    while (pass.total < FEW && pass.matcher.fuzzy && pass.loose < pass.to) {
      this.lookLoosely(pass)
      if (late()) return false
    }
    pass.complete = true
    this.whole = null
    return true
  }

  answer(): Answer {
    const { complete } = this.pass
    const shown = complete || this.whole === null ? this.pass : this.whole
    return { hits: shown.best.list().map((number) => this.hit(number)), total: shown.total + shown.loosely, complete }
  }

  /** Takes a command out of the answers: it was forgotten. */
  drop(id: number): void {
    const number = this.numbers[id]! - 1
    this.dropped.add(number)
    this.whole = null
    this.pass = this.newPass(null)
  }

  private readonly dropped = new Set<number>()

  private hit(number: number): Hit {
    const run = this.folded.last[number]!
    return {
      command: this.ids[number]!,
      seq: this.runs.seqOf(run),
      start: this.runs.startOf(run),
      failed: this.runs.failed(run),
      count: this.folded.counts[number]!
    }
  }

  private fold(): void {
    this.runs.count(ALL_RUNS, this.allTo, this.all)
    this.allTo = this.runs.size
    if (this.folded !== this.all) this.runs.count(this.filter, this.foldedTo, this.folded)
    this.foldedTo = this.runs.size
    this.runs.markIn(this.options.here, this.markedTo, this.here)
    this.markedTo = this.runs.size
  }

  private newPass(among: ReadonlyArray<number> | null): Pass {
    return {
      matcher: makeMatcher(this.texts, this.query),
      among,
      to: this.texts.size,
      next: 0,
      loose: 0,
      looked: false,
      complete: false,
      total: 0,
      loosely: 0,
      fitting: [],
      best: new BestOf(SHOWN)
    }
  }

  private lookFurther(pass: Pass): void {
    const { among, matcher } = pass
    const end = among === null ? pass.to : among.length
    for (let step = 0; step < STRIDE && pass.next < end; step++) {
      if (among === null && matcher.anchor !== null) pass.next = this.texts.nextWith(matcher.anchor, pass.next)
      if (pass.next >= end) break
      const number = among === null ? pass.next : among[pass.next]!
      pass.next++
      if (this.passes(number) && matcher.fits(number)) {
        pass.total++
        pass.fitting.push(number)
        pass.best.add(number, this.score(number, matcher, null))
      }
    }
    pass.looked = pass.next >= end
  }

  private lookLoosely(pass: Pass): void {
    const end = Math.min(pass.to, pass.loose + STRIDE)
    for (; pass.loose < end; pass.loose++) {
      if (!this.passes(pass.loose)) continue
      const fit = pass.matcher.fitsLoosely(pass.loose)
      if (fit === 0 || pass.matcher.fits(pass.loose)) continue
      pass.loosely++
      pass.best.add(pass.loose, this.score(pass.loose, pass.matcher, fit))
    }
  }

  private passes(number: number): boolean {
    return this.folded.counts[number] !== 0 && !this.dropped.has(number)
  }

  private score(number: number, matcher: Matcher, fuzzy: number | null): number {
    const start = this.runs.startOf(this.folded.last[number]!)
    if (this.options.order === "newest" || this.query.terms.length === 0) return start ?? -1
    const word = fuzzy === null ? matcher.firstWord(number) : "inside"
    return scoreOf({
      hours: start === null ? null : (this.options.now - start) / HOUR,
      count: this.folded.counts[number]!,
      here: this.here[number] === 1,
      whole: fuzzy === null && matcher.isWhole(number),
      begins: word === "begins",
      word: word === "word",
      fuzzy
    })
  }
}

/** One look through the commands for one query. */
interface Pass {
  readonly matcher: Matcher
  /** Only these; null: all. */
  readonly among: ReadonlyArray<number> | null
  /** Commands that were there when it began. */
  readonly to: number
  next: number
  loose: number
  looked: boolean
  complete: boolean
  total: number
  /** Of those whose letters only fit. */
  loosely: number
  readonly fitting: Array<number>
  readonly best: BestOf
}

const nothingFolded = (room: number): Folded => ({
  counts: new Uint32Array(room),
  last: new Int32Array(room).fill(-1)
})

const roomier = ({ counts, last }: Folded, room: number): Folded => ({
  counts: copied(counts, new Uint32Array(room)),
  last: copied(last, new Int32Array(room).fill(-1))
})

/** µs. */
const HOUR = 3_600_000_000

const copied = <A extends Uint8Array | Uint32Array | Int32Array | Float64Array>(old: A, room: A): A => {
  room.set(old)
  return room
}

const powerAbove = (number: number): number => 2 ** Math.ceil(Math.log2(number + 1))
