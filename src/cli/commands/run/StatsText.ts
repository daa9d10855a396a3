/** `hx stats` for people: numbers, lists and pictures, in as many cells as the terminal has. */

import { dayOf, dayText } from "../../../history/LocalTime.ts"
import type { Stats } from "../../../history/Stats.ts"
import type { OutputService } from "../../Output.ts"
import { printable } from "../../Printable.ts"
import { counted, countText, momentText } from "../../Units.ts"
import { cellsOf, wrap } from "../../Wrapping.ts"
import { calendarLines } from "./StatsCalendar.ts"
import { hourLines, weekdayLines } from "./StatsHours.ts"
import type { ShownStats } from "./StatsJson.ts"
import { directoryLines, failureLines, longestLines, rankedLines, tallyLines } from "./StatsLists.ts"

type Lines = ReadonlyArray<string>

export const statsText = (shown: ShownStats, output: OutputService): string => {
  const { filters, found, home } = shown
  if (found.entries === 0) return nothing(shown)
  const { columns } = output
  const section = (title: string, lines: Lines): Lines =>
    lines.length === 0 ? [] : [output.styled("bold", title), ...lines]
  const pair = (left: (cells: number) => Lines, right: (cells: number) => Lines): ReadonlyArray<Lines> =>
    columns < WIDE ? [left(columns), right(columns)] : [beside(left(half(columns)), right(half(columns)), columns)]
  const sections: ReadonlyArray<Lines> = [
    [...about(filters), ...summary(shown).flatMap((line) => wrap(line, columns, "whole"))],
    found.days.size === 0 ? [] : section("Days", calendarLines(shown, output)),
    ...pair(
      (cells) => section("Hours", hourLines(found.hours, cells)),
      (cells) => section("Weekdays", weekdayLines(found.weekdays, cells))
    ),
    ...pair(
      (cells) => section("Commands", rankedLines(found.topCommands, found.entries, cells)),
      (cells) => section("Programs", rankedLines(found.topPrograms, found.entries, cells))
    ),
    ...pair(
      (cells) => section("Directories", directoryLines(found.topDirectories, found.entries, home, cells)),
      (cells) => section("Failures, and how often of the runs", failureLines(found.topFailures, cells))
    ),
    section("Longest", longestLines(found.longest, columns)),
    ...pair(
      (cells) => (found.hosts.length > 1 ? section("Hosts", tallyLines(found.hosts, found.entries, cells)) : []),
      (cells) => (found.shells.length > 1 ? section("Shells", tallyLines(found.shells, found.entries, cells)) : [])
    ),
    section("New in the last 30 days", newPrograms(found, columns))
  ]
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")
}

/** Cells from which on two sections stand beside each other. */
const WIDE = 110
const GAP = 4

const half = (columns: number): number => Math.floor((columns - GAP) / 2)

const beside = (left: Lines, right: Lines, columns: number): Lines => {
  if (left.length === 0) return right
  if (right.length === 0) return left
  const width = half(columns) + GAP
  return Array.from({ length: Math.max(left.length, right.length) }, (_, index) => {
    const line = left[index] ?? ""
    return (line + " ".repeat(Math.max(0, width - cellsOf(line))) + (right[index] ?? "")).trimEnd()
  })
}

const nothing = ({ filters }: ShownStats): string =>
  Object.keys(filters).length === 0
    ? "Nothing is recorded yet. To begin with the history of your shells: hx import"
    : `${about(filters).join("\n")}\nNothing ran then or there. All that is recorded: hx stats`

const about = ({ after, before, cwd, host, session }: ShownStats["filters"]): Lines => {
  const parts = [
    after === undefined ? [] : [`from ${shortMoment(after)}`],
    before === undefined ? [] : [`before ${shortMoment(before)}`],
    host === undefined ? [] : [`on ${printable(host)}`],
    cwd === undefined ? [] : [`in ${printable(cwd)}`],
    session === undefined ? [] : [`in session ${printable(session)}`]
  ].flat()
  return parts.length === 0 ? [] : [`Only what ran ${parts.join(", ")}.`]
}

/** A day alone where it is the beginning of one. */
const shortMoment = (instant: number): string => momentText(instant).replace(/ 00:00:00$/, "")

const summary = ({ found }: ShownStats): Lines => {
  const { busiest, days, entries, failed, finished, first, last, streaks, undated } = found
  const { current, longest } = streaks
  const between = first === null || last === null ? "" : `, ${dayText(dayOf(first))} to ${dayText(dayOf(last))}`
  const since = longest.length < 2 || longest.first === null ? "" : ` from ${dayText(longest.first)} on`
  return [
    `${counted(entries, "entry", "entries")}, ${counted(found.commands, "different command")}${between}`,
    days.size === 0
      ? ""
      : `${counted(days.size, "day")}, at most ${countText(longest.length)} in a row${since}, ${countText(current.length)} now`,
    busiest === null ? "" : `Busiest day: ${dayText(busiest.day)}, with ${counted(busiest.count, "entry", "entries")}`,
    finished === 0 ? "" : `${percentText(failed, finished)} of the ${countText(finished)} with a known end failed`,
    undated === 0 ? "" : `${counted(undated, "entry says", "entries say")} not when: in no count of days and hours`
  ].filter((line) => line !== "")
}

const percentText = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)}%`

const newPrograms = ({ newPrograms: programs }: Stats, columns: number): Lines =>
  programs.length === 0 ? [] : wrap(programs.map(({ value }) => printable(value)).join(", "), columns, "whole")
