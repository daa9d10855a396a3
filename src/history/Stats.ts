/** `hx stats`: the history in numbers, in the local time zone. Shadowed entries do not count. */

import { Effect } from "effect"
import { HistoryDb } from "../db/HistoryDb.ts"
import type { CommandCounts, Counts, CountRequest, Filters, Tally } from "../db/HistoryQueries.ts"
import { SECOND } from "../domain/Instant.ts"
import { dayOf, isDay, localTime, weekdayOf } from "./LocalTime.ts"
import { programsOf } from "./ProgramsOf.ts"
import { type Ranked, Ranking } from "./Ranking.ts"
import { type Streaks, streaksOf } from "./Streaks.ts"

export interface StatsRequest extends Omit<Filters, "exit"> {
  /** Length of each list. */
  readonly top: number
  /** µs since 1970. */
  readonly now: number
}

export interface Stats extends Omit<Counts, "quarters">, OverTime {
  /** The commands run most, as a whole; and by the programs in them (ProgramsOf.ts). */
  readonly topCommands: ReadonlyArray<Ranked>
  readonly topPrograms: ReadonlyArray<Ranked>
  /** By programs without their subcommands. */
  readonly topWords: ReadonlyArray<Ranked>
  /** Commands by how often they failed. */
  readonly topFailures: ReadonlyArray<Failures>
  /** Programs that were not run until a month ago, most used first. Those of undated entries are not new. */
  readonly newPrograms: ReadonlyArray<Ranked>
  /** Of `directories`, those with the most entries. */
  readonly topDirectories: Tally
}

export interface Failures extends Ranked {
  /** How often it ended with a known exit code; `count` of these are failures. */
  readonly finished: number
}

interface OverTime {
  /** Entries by weekday, Sunday first; by hour, from midnight; by day (LocalTime.ts), those with any. */
  readonly weekdays: ReadonlyArray<number>
  readonly hours: ReadonlyArray<number>
  readonly days: ReadonlyMap<number, number>
  readonly streaks: Streaks
  /** Of equals the first. */
  readonly busiest: { readonly day: number; readonly count: number } | null
}

/** What began in the last 30 days is recent. */
const RECENT = 30 * 86_400 * SECOND

export const stats = Effect.fn("Stats.stats")(function* ({ now, top, ...filters }: StatsRequest) {
  const { history } = yield* HistoryDb
  const tops = new Tops(top)
  const { quarters, ...counts } = yield* history.counts({
    ...filters,
    recent: (filters.before ?? now) - RECENT,
    longest: top,
    command: (text, found) => tops.add(text, found)
  } satisfies CountRequest)
  return {
    ...counts,
    topCommands: tops.commands.list,
    topPrograms: tops.programs,
    topWords: tops.words,
    topFailures: tops.failures.list,
    newPrograms: tops.newPrograms,
    topDirectories: counts.directories.slice(0, top),
    ...overTime(quarters, dayOf(now))
  } satisfies Stats
})

/** Every different command passes here once; what is kept are the lists, and the counts of programs. */
class Tops {
  readonly commands: Ranking<Ranked>
  readonly failures: Ranking<Failures>
  private readonly size: number
  private readonly byProgram = new Map<string, Runs>()
  private readonly byWord = new Map<string, Runs>()

  constructor(size: number) {
    this.size = size
    this.commands = new Ranking(size)
    this.failures = new Ranking(size)
  }

  add(command: string, { failed, finished, recent, runs }: CommandCounts): void {
    if (this.commands.admits(runs)) this.commands.offer({ value: command, count: runs })
    if (failed > 0 && this.failures.admits(failed)) this.failures.offer({ value: command, count: failed, finished })
    const programs = programsOf(command)
    for (const program of programs) addTo(this.byProgram, program, runs, recent)
    for (const word of programs.length === 1 ? [wordOf(programs[0]!)] : new Set(programs.map(wordOf))) {
      addTo(this.byWord, word, runs, recent)
    }
  }

  get programs(): ReadonlyArray<Ranked> {
    return ranked(this.byProgram, this.size)
  }

  get words(): ReadonlyArray<Ranked> {
    return ranked(this.byWord, this.size)
  }

  /** None where all there is is recent: then everything would be new. */
  get newPrograms(): ReadonlyArray<Ranked> {
    const isNew = ({ all, recent }: Runs) => all === recent
    return Array.from(this.byWord.values()).every(isNew) ? [] : ranked(this.byWord, this.size, isNew)
  }
}

interface Runs {
  all: number
  recent: number
}

const addTo = (sums: Map<string, Runs>, name: string, runs: number, recent: number): void => {
  const sum = sums.get(name)
  if (sum === undefined) sums.set(name, { all: runs, recent })
  else {
    sum.all += runs
    sum.recent += recent
  }
}

const ranked = (sums: ReadonlyMap<string, Runs>, size: number, which = (_: Runs) => true): ReadonlyArray<Ranked> => {
  const ranking = new Ranking<Ranked>(size)
  for (const [value, sum] of sums) if (which(sum)) ranking.offer({ value, count: sum.all })
  return ranking.list
}

/** "git" of "git commit". */
const wordOf = (program: string): string => {
  const end = program.indexOf(" ")
  return end === -1 ? program : program.slice(0, end)
}

const overTime = (quarters: Counts["quarters"], today: number): OverTime => {
  const weekdays = Array.from({ length: 7 }, () => 0)
  const hours = Array.from({ length: 24 }, () => 0)
  const days = new Map<number, number>()
  const at = localTime()
  for (const [quarter, count] of quarters) {
    const { day, hour } = at(quarter)
    weekdays[weekdayOf(day)]! += count
    hours[hour]! += count
    days.set(day, (days.get(day) ?? 0) + count)
  }
  return { weekdays, hours, days, streaks: streaksOf(days.keys(), today, isDay), busiest: busiestOf(days) }
}

const busiestOf = (days: ReadonlyMap<number, number>): OverTime["busiest"] => {
  let busiest: OverTime["busiest"] = null
  for (const [day, count] of days) {
    if (busiest === null || count > busiest.count || (count === busiest.count && day < busiest.day)) {
      busiest = { day, count }
    }
  }
  return busiest
}
