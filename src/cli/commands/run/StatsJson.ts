/** `hx stats --json`. */

import type { Tally } from "../../../db/HistoryQueries.ts"
import * as Instant from "../../../domain/Instant.ts"
import { dayText } from "../../../history/LocalTime.ts"
import type { Ranked } from "../../../history/Ranking.ts"
import type { Stats, StatsRequest } from "../../../history/Stats.ts"
import type { Streak } from "../../../history/Streaks.ts"
import { entryObject } from "../../EntryView.ts"
import type { Json } from "../../Output.ts"
import { shownCalendar } from "./StatsCalendar.ts"

export interface ShownStats {
  readonly found: Stats
  readonly filters: Omit<StatsRequest, "now" | "top">
  /** µs since 1970. */
  readonly now: number
  readonly home: string
}

export const statsJson = (shown: ShownStats): { readonly [key: string]: Json } => {
  const { filters, found } = shown
  return {
    filters: {
      after: iso(filters.after),
      before: iso(filters.before),
      host: filters.host ?? null,
      cwd: filters.cwd ?? null,
      session: filters.session ?? null
    },
    entries: found.entries,
    undated: found.undated,
    shadowed: found.shadowed,
    commands: found.commands,
    first: iso(found.first),
    last: iso(found.last),
    finished: found.finished,
    failed: found.failed,
    days: found.days.size,
    longestStreak: found.streaks.longest.length,
    streak: found.streaks.current.length,
    streaks: { longest: streakJson(found.streaks.longest), current: streakJson(found.streaks.current) },
    busiest: found.busiest === null ? null : { day: dayText(found.busiest.day), count: found.busiest.count },
    calendar: calendarJson(shown),
    hours: found.hours,
    weekdays: found.weekdays,
    topCommands: ranked(found.topCommands),
    topPrograms: ranked(found.topPrograms),
    topWords: ranked(found.topWords),
    topFailures: found.topFailures.map(({ count, finished, value }) => ({ value, count, finished })),
    newPrograms: ranked(found.newPrograms),
    directories: tallyJson(found.topDirectories),
    hosts: tallyJson(found.hosts),
    shells: tallyJson(found.shells),
    longest: found.longest.map(entryObject)
  }
}

const calendarJson = (shown: ShownStats): Json => {
  const { from, to } = shownCalendar(shown)
  const days = Array.from(shown.found.days).filter(([day]) => day >= from && day <= to)
  return {
    from: dayText(from),
    to: dayText(to),
    days: days.sort(([a], [b]) => a - b).map(([day, count]) => ({ day: dayText(day), count }))
  }
}

const streakJson = ({ first, last, length }: Streak): Json => ({
  days: length,
  first: first === null ? null : dayText(first),
  last: last === null ? null : dayText(last)
})

const iso = (instant: number | null | undefined): string | null => (instant == null ? null : Instant.toIso(instant))

const ranked = (list: ReadonlyArray<Ranked>): ReadonlyArray<Json> => list.map(({ count, value }) => ({ value, count }))

const tallyJson = (tally: Tally): ReadonlyArray<Json> => tally.map(([value, count]) => ({ value, count }))
