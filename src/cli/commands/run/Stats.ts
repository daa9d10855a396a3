/** What `hx stats` does and says. */

import { Effect } from "effect"
import type { Tally } from "../../../db/HistoryQueries.ts"
import * as Instant from "../../../domain/Instant.ts"
import { stats, type Stats } from "../../../history/Stats.ts"
import { layer } from "../../HistoryLayers.ts"
import { now } from "../../Moments.ts"
import { type Json, Output } from "../../Output.ts"
import { printableWithin } from "../../Printable.ts"
import { table } from "../../Table.ts"
import { counted, countText, momentText } from "../../Units.ts"

export const run = () => Effect.provide(countAndTell, layer)

const countAndTell = Effect.gen(function* () {
  const output = yield* Output
  const counts = yield* stats(yield* now)
  const sections = [
    [summary(counts)],
    yield* tallied("Commands", counts.topCommands, counts.entries),
    yield* tallied("Programs", counts.topWords, counts.entries),
    yield* tallied("Directories", counts.directories, counts.entries),
    counts.hosts.length > 1 ? yield* tallied("Hosts", counts.hosts, counts.entries) : [],
    yield* drawn("Hours", HOURS, counts.hours),
    yield* drawn("Weekdays", WEEKDAYS, counts.weekdays)
  ]
  yield* output.result(toJson(counts), () =>
    sections
      .filter((lines) => lines.length > 0)
      .map((lines) => lines.join("\n"))
      .join("\n\n")
  )
})

const summary = (counts: Stats): string => {
  const between =
    counts.first === null || counts.last === null ? "" : `, ${momentText(counts.first)} to ${momentText(counts.last)}`
  const failed =
    counts.finished === 0 ? "" : `\n${percent(counts.failed, counts.finished)} of those with a known end failed`
  const days =
    counts.days === 0
      ? ""
      : `\n${counted(counts.days, "day")}, at most ${counts.longestStreak} in a row, ${counts.streak} now`
  return `${counted(counts.entries, "entry", "entries")}, ${counted(counts.commands, "different command")}${between}${days}${failed}`
}

/** A title and a line for each value: count, bar, value. */
const tallied = Effect.fnUntraced(function* (title: string, tally: Tally, all: number) {
  if (tally.length === 0) return []
  const most = Math.max(...tally.map(([, count]) => count))
  const rows = tally.map(([value, count]) => [
    countText(count),
    percent(count, all),
    bar(count, most),
    value === null ? "unknown" : printableWithin(value, VALUE_CELLS)
  ])
  return [
    title,
    yield* table([{ title: "", align: "right" }, { title: "", align: "right" }, { title: "" }, { title: "" }], rows)
  ]
})

const drawn = Effect.fnUntraced(function* (title: string, names: ReadonlyArray<string>, counts: ReadonlyArray<number>) {
  const most = Math.max(...counts)
  if (most === 0) return []
  const rows = names.map((name, index) => [name, bar(counts[index] ?? 0, most), countText(counts[index] ?? 0)])
  return [title, yield* table([{ title: "" }, { title: "" }, { title: "", align: "right" }], rows)]
})

const HOURS = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0"))
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

const VALUE_CELLS = 60
const BAR_CELLS = 20

const bar = (count: number, most: number): string =>
  "█".repeat(Math.max(count > 0 ? 1 : 0, Math.round((BAR_CELLS * count) / most)))

const percent = (part: number, whole: number): string => `${Math.round((100 * part) / Math.max(1, whole))}%`

const toJson = (counts: Stats): { readonly [key: string]: Json } => ({
  entries: counts.entries,
  shadowed: counts.shadowed,
  commands: counts.commands,
  first: counts.first === null ? null : Instant.toIso(counts.first),
  last: counts.last === null ? null : Instant.toIso(counts.last),
  finished: counts.finished,
  failed: counts.failed,
  days: counts.days,
  longestStreak: counts.longestStreak,
  streak: counts.streak,
  topCommands: tallyJson(counts.topCommands),
  topWords: tallyJson(counts.topWords),
  directories: tallyJson(counts.directories),
  hosts: tallyJson(counts.hosts),
  shells: tallyJson(counts.shells),
  hours: counts.hours,
  weekdays: counts.weekdays
})

const tallyJson = (tally: Tally): ReadonlyArray<Json> => tally.map(([value, count]) => ({ value, count }))
