/** The calendar of `hx stats`: a year that ends today, or where the period or the history ends. */

import { dayOf } from "../../../history/LocalTime.ts"
import { type Calendar, calendarOf, YEAR } from "../../Calendar.ts"
import type { OutputService, Style } from "../../Output.ts"
import type { ShownStats } from "./StatsJson.ts"

export const shownCalendar = ({ filters, found, now }: Omit<ShownStats, "home">, weeks = YEAR): Calendar => {
  const end = dayOf(filters.before === undefined ? now : Math.min(now, filters.before - 1))
  const days = Array.from(found.days.keys()).filter((day) => day <= end)
  const newest = days.reduce((latest, day) => Math.max(latest, day), -Infinity)
  // Of an old history nobody wants to see an empty year.
  return calendarOf(found.days, newest > end - 7 * YEAR || newest === -Infinity ? end : newest, weeks)
}

/** Lines, a title not among them; as many weeks as fit. */
export const calendarLines = (shown: ShownStats, output: OutputService): ReadonlyArray<string> => {
  const room = output.columns - MARGIN
  const cells = room >= 2 * YEAR ? 2 : 1
  const weeks = Math.max(1, Math.min(YEAR, Math.floor(room / cells)))
  const { months, weekdays } = shownCalendar(shown, weeks)
  const cell = cellsIn(output)
  return [
    " ".repeat(MARGIN) + monthLine(months, weeks, cells),
    ...weekdays.map((levels, weekday) =>
      (
        (NAMES[weekday] ?? "").padEnd(MARGIN) +
        levels.map((level) => (level === null ? " " : cell(level))).join(" ".repeat(cells - 1))
      ).trimEnd()
    ),
    `${" ".repeat(MARGIN)}${output.styled("dim", "less")} ${[0, 1, 2, 3, 4].map(cell).join(" ".repeat(cells - 1))} ${output.styled("dim", "more")}`
  ]
}

/** Names that would run into the next one are left out. */
const monthLine = (months: Calendar["months"], weeks: number, cells: number): string => {
  let line = ""
  for (const [index, [week, name]] of months.entries()) {
    const next = months[index + 1]?.[0] ?? Infinity
    const fits = week * cells + name.length <= weeks * cells && (next - week) * cells > name.length
    if (fits) line = line.padEnd(week * cells) + name
  }
  return line
}

const cellsIn = ({ colour, styled }: OutputService): ((level: number) => string) =>
  colour
    ? (level) => (level === 0 ? styled("dim", "·") : styled(SHADES[level - 1] ?? "shade4", "■"))
    : (level) => GLYPHS[level] ?? "█"

const SHADES: ReadonlyArray<Style> = ["shade1", "shade2", "shade3", "shade4"]

/** What can be told apart without colours. */
const GLYPHS = ["·", "░", "▒", "▓", "█"]

/** Every second one is enough to read the others by. */
const NAMES = ["Mon", "", "Wed", "", "Fri", "", "Sun"]
const MARGIN = 4
