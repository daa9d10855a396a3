/** `hx stats`: the history in numbers, in the local time zone. */

import { Effect } from "effect"
import type { Counts, Summary, Tally } from "../db/HistoryQueries.ts"
import { HistoryDb } from "../db/HistoryDb.ts"
import { SECOND } from "../domain/Instant.ts"

export interface Stats extends Summary {
  readonly hosts: Tally
  readonly shells: Tally
  readonly directories: Tally
  /** The commands run most, as a whole, and by their first word. */
  readonly topCommands: Tally
  readonly topWords: Tally
  /** Sunday first. */
  readonly weekdays: ReadonlyArray<number>
  /** From midnight. */
  readonly hours: ReadonlyArray<number>
  /** Entries whose exit code is known, and how many of these failed. */
  readonly finished: number
  readonly failed: number
  /** Days with at least one entry; the longest run of such days; and the run that reaches today or yesterday. */
  readonly days: number
  readonly longestStreak: number
  readonly streak: number
}

const TOP = 10

/** `now`: µs since 1970. */
export const stats = Effect.fn("Stats.stats")(function* (now: number) {
  const { history } = yield* HistoryDb
  const summary = yield* history.summary
  const counts = yield* history.counts
  return {
    ...summary,
    hosts: counts.hosts,
    shells: counts.shells,
    directories: counts.directories.slice(0, TOP),
    topCommands: most(counts.commands),
    topWords: topWords(counts.commands),
    finished: counts.finished,
    failed: counts.failed,
    ...overTime(counts.quarters, now)
  } satisfies Stats
})

const topWords = (commands: Counts["commands"]): Tally => {
  const counts = new Map<string, number>()
  for (const [command, count] of commands) {
    const word = firstWord(command)
    if (word !== null) counts.set(word, (counts.get(word) ?? 0) + count)
  }
  return most(Array.from(counts))
}

/** The TOP with the highest counts; of equals those that come first in the alphabet. */
const most = (counted: Counts["commands"]): Tally => {
  const least = counted.map(([, count]) => count).sort((a, b) => b - a)[TOP - 1] ?? 0
  return counted
    .filter(([, count]) => count >= least)
    .sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1))
    .slice(0, TOP)
}

/** What was run: the word after assignments (`LANG=C sort`) and `sudo`. */
const firstWord = (command: string): string | null =>
  /^\s*(?:[A-Za-z_][A-Za-z0-9_]*=\S*\s+)*(?:sudo\s+(?!-))?(\S+)/.exec(command)?.[1] ?? null

const overTime = (quarters: Counts["quarters"], now: number) => {
  const weekdays = Array.from({ length: 7 }, () => 0)
  const hours = Array.from({ length: 24 }, () => 0)
  const days = new Set<number>()
  for (const [quarter, count] of quarters) {
    const date = new Date(quarter * 900 * 1000)
    weekdays[date.getDay()]! += count
    hours[date.getHours()]! += count
    days.add(dayOf(date))
  }
  return { weekdays, hours, days: days.size, ...streaks(days, dayOf(new Date((now / SECOND) * 1000))) }
}

/** The local calendar day, counted from 1970. */
const dayOf = (date: Date): number => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / 86_400_000

const streaks = (days: ReadonlySet<number>, today: number) => {
  let longestStreak = 0
  for (const day of days) {
    if (days.has(day - 1)) continue
    let end = day
    while (days.has(end)) end++
    longestStreak = Math.max(longestStreak, end - day)
  }
  let streak = 0
  const last = days.has(today) ? today : today - 1
  while (days.has(last - streak)) streak++
  return { longestStreak, streak }
}
